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
