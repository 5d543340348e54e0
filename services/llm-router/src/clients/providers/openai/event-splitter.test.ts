import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createEventSplitter } from "./event-splitter.ts";

const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const usage = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n`;

/** The stream cut at any places. */
function push(stream: Buffer, cuts: readonly number[], passUsage: boolean) {
  const splitter = createEventSplitter({ passUsage });
  const places = [0, ...cuts.map((cut) => cut % stream.length).toSorted((a, b) => a - b), stream.length];
  const pieces = places.slice(1).map((end, i) => stream.subarray(places[i], end));
  const results = pieces.map((piece) => splitter.push(piece));
  const passed = Buffer.concat(results.flatMap(({ pass }) => [...pass])).toString();
  return { passed, stops: results.map(({ stop }) => stop).filter((stop) => stop !== null), splitter };
}

test("however the network cuts it, the same events pass and the same are withheld", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }),
      fc.array(fc.nat()),
      fc.boolean(),
      (words, cuts, wanted) => {
        const content = words.map((word) => delta(`x${word}`)).join("");
        const stream = Buffer.from(`${content}${usage}data: [DONE]\n\n`);
        const { passed, stops, splitter } = push(stream, cuts, wanted);
        expect(passed).toBe(wanted ? content + usage : content);
        expect(stops).toEqual(["done"]);
        expect(splitter.contentEvents()).toBe(words.length);
        expect(splitter.usage()).toEqual({ promptTokens: 3, completionTokens: 4, estimated: false });
      },
    ),
  );
});

test("nothing of a broken event passes", () => {
  const stream = Buffer.from(`${delta("a")}data: {"choices":[{"del\n\n${delta("b")}`);
  const { passed, stops } = push(stream, [], false);
  expect(passed).toBe(delta("a"));
  expect(stops).toEqual(["malformed"]);
});

test("an event without an end is not collected for ever", () => {
  const splitter = createEventSplitter({ passUsage: false });
  const piece = Buffer.alloc(300 * 1024, "x");
  const stops = [1, 2, 3, 4].map(() => splitter.push(piece).stop);
  expect(stops).toEqual([null, null, null, "malformed"]);
});

test("comments are passed only once there is content", () => {
  const splitter = createEventSplitter({ passUsage: false });
  expect(splitter.push(Buffer.from(": wait\n\n")).pass).toEqual([]);
  splitter.push(Buffer.from(delta("a")));
  expect(Buffer.concat([...splitter.push(Buffer.from(": wait\n\n")).pass]).toString()).toBe(": wait\n\n");
});
