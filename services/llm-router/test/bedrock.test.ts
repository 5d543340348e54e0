import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import { dialects } from "@topdog/dialects/dialects";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { type FakeRequest, startFakeUpstream } from "@topdog/testing/fake-upstream";
import fc from "fast-check";
import { authorize } from "../src/clients/providers/bedrock/authorize.ts";
import { newDecoder } from "../src/clients/providers/bedrock/event-stream.ts";
import { inEveryDialect } from "../src/clients/translated-provider.ts";
import { bedrockWire } from "./wires/bedrock.ts";

const accessKeyId = "AKIAIOSFODNN7EXAMPLE";
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const chat = dialects.find(({ id }) => id === "openai-chat")!;
const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 9000 };

/** A request as the other side sees it. */
async function sentWith(credential: string, model: string): Promise<FakeRequest> {
  const fake = await startFakeUpstream(() => ({ body: bedrockWire.answers[0]!.whole }));
  const provider = inEveryDialect(
    bedrockWire.provider.create({
      baseUrl: fake.url,
      maxConnections: 1,
      connectTimeoutMs: 1000,
      mayConnectTo: () => true,
    }),
  );
  const request = chat.readRequest(Buffer.from(JSON.stringify({ ...samplesOf(chat).request(false), model })));
  const call = { format: chat, request, requestId: "r", headers: [], ...timeouts };
  expect((await provider.open(call, Secret.of(credential)).outcome).kind).toBe("answer");
  await provider.close();
  await fake.close();
  return fake.requests[0]!;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.codePointAt(0)!.toString(16).toUpperCase()}`);

/** As the other side computes it: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signatureOf({ method, path, headers, body }: FakeRequest, names: readonly string[], scope: string): string {
  const date = String(headers["x-amz-date"]);
  const [pathname = ""] = path.split("?");
  const canonical = [
    method,
    pathname.split("/").map(encode).join("/"),
    "",
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const [day = "", region = "", service = ""] = scope.split("/");
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), "aws4_request");
  return hmac(key, ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")).toString("hex");
}

describe("a credential of Bedrock", () => {
  test.each([
    ["of an account", `${accessKeyId}:${secretAccessKey}`, "amazon.nova-lite-v1:0"],
    ["of a session", `ASIAIOSFODNN7EXAMPLE:${secretAccessKey}:session/token==`, "global.anthropic.claude-sonnet-4-6"],
  ])("%s signs each request so that the other side finds the same signature", async (_name, credential, model) => {
    const sent = await sentWith(credential, model);
    const pattern = /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/;
    const [, id, scope, names, signature] = pattern.exec(sent.headers["authorization"]!)!;
    expect([id, scope]).toEqual([
      credential.split(":")[0],
      expect.stringMatching(/^\d{8}\/us-east-1\/bedrock\/aws4_request$/),
    ]);
    expect(names!.split(";")).toEqual(expect.arrayContaining(["host", "x-amz-date"]));
    expect(signatureOf(sent, names!.split(";"), scope!)).toBe(signature);
    expect(sent.headers["x-amz-security-token"]).toBe(credential.split(":")[2]);
    expect(JSON.stringify(sent.headers)).not.toContain(secretAccessKey);
  });

  test("is signed for the region that the address names", () => {
    const host = "bedrock-runtime.eu-central-1.amazonaws.com";
    const request = { method: "GET", host, path: "/x", body: null } as const;
    const headers = authorize(request, Secret.of(`${accessKeyId}:${secretAccessKey}`));
    expect(headers[headers.indexOf("authorization") + 1]).toContain("/eu-central-1/bedrock/");
  });

  test("that is an API key is shown as it is", async () => {
    expect((await sentWith("ABSKexample", "amazon.nova-lite-v1:0")).headers["authorization"]).toBe(
      "Bearer ABSKexample",
    );
  });
});

describe("Amazon's framed messages", () => {
  const { pieces } = bedrockWire.answers[1]!;
  const bytes = bedrockWire.frame(pieces);
  const expected = pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join("");

  test("are the same events however they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 10 }), (places) => {
        const decoder = newDecoder();
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const chunks = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
        expect(chunks.map((chunk) => decoder.push(chunk)!.toString()).join("")).toBe(expected);
      }),
    );
  });

  test("that were changed on the way, or claim to be huge, are no answer", () => {
    for (const place of [0, 5, 20, bytes.length - 2]) {
      const wrong = Buffer.from(bytes);
      wrong[place] = wrong[place]! ^ 0x40;
      expect(newDecoder().push(wrong)).toBeNull();
    }
  });
});
