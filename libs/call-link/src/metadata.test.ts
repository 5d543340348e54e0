import { expect, test } from "@jest/globals";
import { usageOutcomes } from "@topdog/contracts/events/usage-consumed";
import fc from "fast-check";
import { LinkProtocolError } from "./frame.ts";
import {
  decodeHead,
  decodeOpen,
  decodePrincipal,
  decodeReport,
  encodeHead,
  encodeOpen,
  encodeReport,
} from "./metadata.ts";
import { ok, opened } from "../test/link-rig.ts";

const word = fc.string({ maxLength: 60, unit: "grapheme" });

test("a call, a head and a report arrive as they were sent", () => {
  fc.assert(
    fc.property(
      word,
      word,
      fc.array(fc.tuple(word, word), { maxLength: 20, size: "max" }),
      (requestId, path, headers) => {
        const call = opened(Buffer.from("body"), { requestId, path });
        const { principalNumber, bodyBytes, ...rest } = decodeOpen(Buffer.from(encodeOpen(call, 7)));
        expect([principalNumber, bodyBytes]).toEqual([7, 4]);
        const { principal: _principal, body: _body, ...sent } = call;
        expect(rest).toEqual(sent);
        const head = { status: 418, headers: headers.flat(), isAccountedFor: path.length > 3 };
        expect(decodeHead(Buffer.from(encodeHead(head)))).toEqual(head);
      },
    ),
  );
  const report = fc.record({
    recorded: fc.boolean(),
    outcome: fc.constantFrom(...usageOutcomes),
    provider: fc.option(word),
    model: fc.option(word),
    promptTokens: fc.nat(),
    completionTokens: fc.nat(),
    costNanoUsd: fc.nat(),
    attempts: fc.nat(),
  });
  fc.assert(fc.property(report, (one) => expect(decodeReport(Buffer.from(encodeReport(one)))).toEqual(one)));
});

test("whatever metadata comes, the worst is a LinkProtocolError", () => {
  const decoders: readonly ((payload: Buffer) => unknown)[] = [decodeOpen, decodeHead, decodeReport, decodePrincipal];
  const sent = [encodeOpen(opened(null), 1), encodeHead(ok(["a", "b"]))];
  const likely = fc
    .constantFrom(...sent)
    .chain((text) =>
      fc
        .tuple(
          fc.nat({ max: text.length }),
          fc.constantFrom("", "null", "-1", '"', "[", "1e400", "{}"),
          fc.nat({ max: 12 }),
        )
        .map(([at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut)),
    );
  fc.assert(
    fc.property(fc.oneof(likely, fc.json(), fc.string()), (text) => {
      for (const decode of decoders) {
        try {
          decode(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(LinkProtocolError);
        }
      }
    }),
    { numRuns: 500 },
  );
});
