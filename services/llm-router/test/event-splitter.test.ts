import { expect, test } from "@jest/globals";
import { streamingDialects as dialects } from "@topdog/dialects/dialects";
import { samplesOf } from "@topdog/testing/dialect-samples";
import fc from "fast-check";
import { createEventSplitter } from "../src/clients/provider-http/event-splitter.ts";

for (const dialect of dialects) {
  const samples = samplesOf(dialect);
  const newReader = () => dialect.readRequest(Buffer.from(JSON.stringify(samples.request(true)))).newStreamReader();

  /** The stream cut at any places. */
  function push(stream: Buffer, cuts: readonly number[]) {
    const reader = newReader();
    const splitter = createEventSplitter(reader);
    const places = [0, ...cuts.map((cut) => cut % stream.length).toSorted((a, b) => a - b), stream.length];
    const pieces = places.slice(1).map((end, i) => stream.subarray(places[i], end));
    const results = pieces.map((piece) => splitter.push(piece));
    const passed = Buffer.concat(results.flatMap(({ pass }) => [...pass])).toString();
    return {
      passed,
      stops: results.flatMap(({ stop, endEvent }) => (stop === null ? [] : [[stop, endEvent]])),
      reader,
    };
  }

  test(`${dialect.id}: however the network cuts it, the same events pass and the same are withheld`, () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), fc.array(fc.nat()), (words, cuts) => {
        const { opening, content, finish, usage, end } = samples.stream(words.map((word) => `x${word}`));
        const whole = [...opening, ...content, ...finish].join("");
        const { passed, stops, reader } = push(Buffer.from(`${whole}${usage.join("")}${end}`), cuts);
        expect(passed).toBe(whole);
        expect(stops).toEqual([["end", Buffer.from(end)]]);
        // A finish may count as content or not: it is about one event for each token.
        const beside = reader.contentEvents() - words.length;
        expect([beside >= 0, beside <= finish.length]).toEqual([true, true]);
        expect(reader.usage()).toEqual({ promptTokens: 5, completionTokens: 7, estimated: false });
      }),
    );
  });

  test(`${dialect.id}: nothing of a broken event passes`, () => {
    const { opening, content } = samples.stream(["a", "b"]);
    const whole = [...opening, content[0]!].join("");
    const { passed, stops } = push(Buffer.from(`${whole}data: {"half\n\n${content[1]}`), []);
    expect(passed).toBe(whole);
    expect(stops).toEqual([["malformed", null]]);
  });

  test(`${dialect.id}: an event without an end is not collected for ever`, () => {
    const splitter = createEventSplitter(newReader());
    const piece = Buffer.alloc(300 * 1024, "x");
    const stops = [1, 2, 3, 4].map(() => splitter.push(piece).stop);
    expect(stops).toEqual([null, null, null, "oversized"]);
  });

  test(`${dialect.id}: comments are passed only once there is content`, () => {
    const splitter = createEventSplitter(newReader());
    expect(splitter.push(Buffer.from(": wait\n\n")).pass).toEqual([]);
    splitter.push(Buffer.from(samples.stream(["a"]).content[0]!));
    expect(Buffer.concat([...splitter.push(Buffer.from(": wait\n\n")).pass]).toString()).toBe(": wait\n\n");
  });
}
