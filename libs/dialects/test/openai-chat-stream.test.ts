import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eventEnd } from "@topdog/dialects/server-sent-events";
import { newStreamReader } from "../src/openai-chat/stream.ts";

const read = (text: string) => {
  const bytes = Buffer.from(text);
  const reader = newStreamReader({ choices: 1, wantsUsage: false });
  return { meaning: reader.read(bytes, 0, bytes.length), usage: reader.usage() };
};
const chunk = (fields: object): string => `data: ${JSON.stringify({ choices: [], ...fields })}\n\n`;
const delta = (fields: object, finish: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });

describe("what an event of a stream is", () => {
  test.each([
    ["a role alone", delta({ role: "assistant", content: "" }), "opening"],
    ["text", delta({ content: "a" }), "content"],
    ["text of other scripts", delta({ content: "日本 é" }), "content"],
    ["a tool call", delta({ tool_calls: [{ index: 0 }] }), "content"],
    ["a refusal", delta({ refusal: "no" }), "content"],
    ["reasoning", delta({ reasoning_content: "hm" }), "content"],
    ["a finish reason", delta({}, "stop"), "content"],
    ["the usage chunk", chunk({ usage: { prompt_tokens: 1, completion_tokens: 2 } }), "withheld"],
    ["an empty chunk", chunk({ usage: null }), "opening"],
    ["an error", `data: {"error":{"message":"x"}}\n\n`, "error"],
    ["an error of a limit", `data: {"error":{"type":"rate_limit_error"}}\n\n`, "rate_limited"],
    ["an error of load", `data: {"error":{"code":"overloaded"}}\n\n`, "overloaded"],
    ["a comment before data", `: hi\n${delta({ content: "a" })}`, "content"],
    ["a comment", ": keep-alive\n\n", "comment"],
    ["the end", "data: [DONE]\n\n", "end"],
    ["the end, with CRLF", "data: [DONE]\r\n\r\n", "end"],
    ["an event with other fields", `event: chunk\nid: 1\n${delta({ content: "a" })}`, "content"],
    ["cut JSON", `data: {"choices":[{"del\n\n`, "malformed"],
    ["something else", "data: hello\n\n", "malformed"],
    ["a number", "data: 7\n\n", "malformed"],
  ])("%s", (_name, text, meaning) => {
    expect(read(text).meaning).toBe(meaning);
  });

  test("words that look like structure, inside of text, are text", () => {
    expect(read(delta({ content: '"error":{"usage":{ [DONE]' })).meaning).toBe("content");
  });

  test("usage with counts that are not whole numbers is no usage", () => {
    expect(read(chunk({ usage: { prompt_tokens: -1, completion_tokens: 2 } }))).toEqual({
      meaning: "withheld",
      usage: null,
    });
  });
});

describe("events that are recognised by those before them", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.constantFrom("", '"', "\\", "\n", "\u0000", '","finish_reason":"stop"', '"content":"'),
  );
  const shape = fc.record({
    field: fc.constantFrom("content", "content", "content", "content", "refusal", "reasoning_content"),
    text,
    obfuscation: fc.option(text),
    finish: fc.constantFrom(null, null, null, null, "stop"),
    usage: fc.constantFrom(null, null, null, null, { prompt_tokens: 1, completion_tokens: 2 }),
    logprobs: fc.constantFrom(undefined, null),
    escapeAll: fc.boolean(),
  });
  type Shape = typeof shape extends fc.Arbitrary<infer S> ? S : never;
  const escaped = (json: string): string =>
    json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const eventOf = ({ field, text: said, obfuscation, finish, usage, logprobs, escapeAll }: Shape): string => {
    const choice = { index: 0, delta: { [field]: said }, logprobs, finish_reason: finish };
    const filling = obfuscation === null ? {} : { obfuscation };
    const json = JSON.stringify({ id: "chatcmpl-1", choices: [choice], usage, ...filling });
    return `data: ${escapeAll ? escaped(json) : json}\n\n`;
  };
  const damage = fc.option(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { freq: 6 });
  const bytesOf = ([one, damaged]: readonly [Shape, { at: number; byte: number } | null]): Buffer => {
    const bytes = Buffer.from(eventOf(one));
    if (damaged !== null) bytes[damaged.at % (bytes.length - 2)] = damaged.byte;
    return bytes;
  };

  test("mean what they would mean alone, however they are damaged", () => {
    const events = fc.array(fc.tuple(shape, damage).map(bytesOf), { minLength: 2, maxLength: 30, size: "max" });
    fc.assert(
      fc.property(events, (stream) => {
        const all = newStreamReader({ choices: 1, wantsUsage: false });
        let contentEvents = 0;
        let usage = null;
        let finished = false;
        for (const bytes of stream) {
          const alone = newStreamReader({ choices: 1, wantsUsage: false });
          expect(all.read(bytes, 0, bytes.length)).toBe(alone.read(bytes, 0, bytes.length));
          contentEvents += alone.contentEvents();
          usage = alone.usage() ?? usage;
          finished ||= alone.isFinished();
        }
        expect(all.contentEvents()).toBe(contentEvents);
        expect(all.usage()).toEqual(usage);
        expect(all.isFinished()).toBe(finished);
      }),
    );
  });
});

test("an event ends at its blank line, however the lines end", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("data: a", "event: b", ": c"), { minLength: 1 }),
      fc.boolean(),
      (lines, crlf) => {
        const end = crlf ? "\r\n" : "\n";
        const event = Buffer.from(lines.join(end) + end + end);
        for (let cut = 0; cut < event.length; cut++) expect(eventEnd(event.subarray(0, cut), 0)).toBe(-1);
        expect(eventEnd(Buffer.concat([event, Buffer.from("data: next")]), 0)).toBe(event.length);
      },
    ),
  );
});
