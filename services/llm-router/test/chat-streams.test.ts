import { describe, expect, test } from "@jest/globals";
import type { AnswerEvent } from "@topdog/dialects/conversation-answer";
import { dialects } from "@topdog/dialects/dialects";

const chat = dialects.find(({ id }) => id === "openai-chat")!;
const event = (value: object | string): string =>
  `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  event({
    id: "c",
    object: "chat.completion.chunk",
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });
const closing = (usage: object): string =>
  event({ id: "c", object: "chat.completion.chunk", model: "m", choices: [], usage });
const counts = { prompt_tokens: 30, completion_tokens: 7, total_tokens: 37 };
const done = event("[DONE]");

interface Documented {
  readonly name: string;
  /** Of the provider's documentation; the form alone is taken from there. */
  readonly source: string;
  readonly events: readonly string[];
  readonly text: string;
  readonly thoughts?: string;
  readonly usage: object;
}

const usage = { promptTokens: 30, completionTokens: 7, estimated: false };
/** What streams of chat completions have beside OpenAI's own members. */
const documented: readonly Documented[] = [
  {
    name: "Azure: a first event without choices, and filters' results in each",
    source: "learn.microsoft.com/azure/ai-services/openai/how-to/streaming",
    events: [
      event({ id: "", model: "", object: "", choices: [], prompt_filter_results: [{ prompt_index: 0 }] }),
      chunk({ role: "assistant", content: "" }),
      event({
        id: "c",
        model: "m",
        choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null, content_filter_results: {} }],
      }),
      chunk({}, "stop"),
      closing(counts),
      done,
    ],
    text: "Hi",
    usage,
  },
  {
    name: "Mistral: the usage in the last event of the answer",
    source: "docs.mistral.ai/api/endpoint/chat",
    events: [
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hi" }),
      chunk({ content: "" }, "stop", { usage: counts }),
      done,
    ],
    text: "Hi",
    usage,
  },
  {
    name: "Mistral's models that think: pieces in a list",
    source: "docs.mistral.ai/capabilities/reasoning",
    events: [
      chunk({ role: "assistant", content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }] }),
      chunk({ content: [{ type: "text", text: "Hi" }] }),
      chunk({ content: "" }, "stop", { usage: counts }),
      done,
    ],
    text: "Hi",
    thoughts: "Hm.",
    usage,
  },
  {
    name: "Groq: its own account of the usage beside OpenAI's",
    source: "console.groq.com/docs/api-reference",
    events: [
      chunk({ role: "assistant", content: "" }, null, { x_groq: { id: "req_1" } }),
      chunk({ reasoning: "Hm." }),
      chunk({ content: "Hi" }),
      chunk({}, "stop", { x_groq: { id: "req_1", usage: { ...counts, queue_time: 0.1 } } }),
      closing({ ...counts, queue_time: 0.1 }),
      done,
    ],
    text: "Hi",
    thoughts: "Hm.",
    usage,
  },
  {
    name: "DeepSeek: thoughts, comments while it waits, and its own word for what was cached",
    source: "api-docs.deepseek.com/api/create-chat-completion",
    events: [
      ": keep-alive\n\n",
      chunk({ role: "assistant", content: null, reasoning_content: "Hm." }),
      chunk({ content: "Hi", reasoning_content: null }),
      chunk({ content: "", reasoning_content: null }, "stop", {
        usage: {
          ...counts,
          prompt_cache_hit_tokens: 12,
          prompt_cache_miss_tokens: 18,
          completion_tokens_details: { reasoning_tokens: 4 },
        },
      }),
      done,
    ],
    text: "Hi",
    thoughts: "Hm.",
    usage: { ...usage, cachedPromptTokens: 12, reasoningTokens: 4 },
  },
  {
    name: "OpenRouter: comments, its own price, and what was written to a cache",
    source: "openrouter.ai/docs/api/reference/streaming",
    events: [
      ": OPENROUTER PROCESSING\n\n",
      chunk({ role: "assistant", content: "Hi", reasoning_details: [] }, null, { provider: "Somebody" }),
      chunk({ content: "" }, "stop", { native_finish_reason: "completed" }),
      closing({ ...counts, cost: 0.00014, prompt_tokens_details: { cached_tokens: 12, cache_write_tokens: 8 } }),
      done,
    ],
    text: "Hi",
    usage: { ...usage, cachedPromptTokens: 12, cacheWriteTokens: 8 },
  },
];

describe.each(documented)("$name", ({ events, text, thoughts = "", usage: expected }) => {
  test("is passed on and counted", () => {
    const body = Buffer.from('{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}');
    const reader = chat.readRequest(body).newStreamReader();
    const meanings = events.map((one) => reader.read(Buffer.from(one), 0, Buffer.byteLength(one)));
    expect([meanings.at(-1), meanings.includes("malformed"), meanings.includes("error")]).toEqual([
      "end",
      false,
      false,
    ]);
    expect([reader.usage(), reader.isFinished()]).toEqual([expected, true]);
  });

  test("is understood for callers of other dialects", () => {
    const reader = chat.outbound!.newEventReader();
    const steps = events.flatMap((one): readonly AnswerEvent[] =>
      reader.read(Buffer.from(one), 0, Buffer.byteLength(one))!,
    );
    const said = (kind: "text" | "reasoning"): string =>
      steps.flatMap((one) => (one.kind === kind ? [one.text] : [])).join("");
    expect([said("text"), said("reasoning"), steps.at(-1)!.kind]).toEqual([text, thoughts, "end"]);
    expect(steps.find((one) => one.kind === "finish")!.finish.reason).toBe("stop");
    const counted = steps.findLast((one) => one.kind === "usage")!.usage;
    expect([counted.inputTokens, counted.outputTokens, counted.cachedInputTokens]).toEqual([
      30,
      7,
      (expected as { cachedPromptTokens?: number }).cachedPromptTokens ?? 0,
    ]);
  });
});

test("OpenRouter's failure within a stream is one, whichever upstream of it failed", () => {
  const body = Buffer.from('{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}');
  for (const [code, meaning] of [
    [502, "error"],
    [429, "rate_limited"],
    [503, "overloaded"],
  ] as const) {
    const failed = event({
      id: "c",
      error: { code, message: "no" },
      choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
    });
    const reader = chat.readRequest(body).newStreamReader();
    expect(reader.read(Buffer.from(failed), 0, Buffer.byteLength(failed))).toBe(meaning);
  }
});
