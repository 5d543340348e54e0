import { expect, test } from "@jest/globals";
import { dialects } from "@topdog/dialects/dialects";

const messages = dialects.find(({ id }) => id === "anthropic-messages")!;
const event = (type: string, members: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

/** As the documentation of prompt caching with both lifetimes shows it. */
const usage = {
  input_tokens: 2048,
  cache_read_input_tokens: 1800,
  cache_creation_input_tokens: 248,
  cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
  output_tokens: 503,
};
const counted = {
  promptTokens: 4096,
  completionTokens: 503,
  estimated: false,
  cachedPromptTokens: 1800,
  cacheWriteTokens: 248,
  hourCacheWriteTokens: 100,
};

test("what is written to the cache for an hour is told apart, in a whole answer and in a stream", () => {
  const answer = { type: "message", content: [], usage };
  expect(messages.readAnswer(Buffer.from(JSON.stringify(answer)))?.usage).toEqual(counted);
  const body = Buffer.from('{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}');
  const reader = messages.readRequest(body).newStreamReader();
  const { output_tokens: produced, ...prompt } = usage;
  for (const one of [
    event("message_start", { message: { usage: { ...prompt, output_tokens: 1 } } }),
    event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hi" } }),
    event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: produced } }),
  ])
    reader.read(Buffer.from(one), 0, Buffer.byteLength(one));
  expect(reader.usage()).toEqual(counted);
});

test("what compaction read and wrote is paid for, and counted beside the answer's own", () => {
  const sums = { input_tokens: 23_000, output_tokens: 1000 };
  const steps = [
    { type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
    { type: "message", ...sums },
  ];
  const all = { promptTokens: 203_000, completionTokens: 4500, estimated: false };
  const answer = { type: "message", content: [], usage: { ...sums, iterations: steps } };
  expect(messages.readAnswer(Buffer.from(JSON.stringify(answer)))?.usage).toEqual(all);
  const body = Buffer.from('{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}');
  const reader = messages.readRequest(body).newStreamReader();
  for (const one of [
    event("message_start", { message: { usage: { input_tokens: 23_000, output_tokens: 1 } } }),
    event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hi" } }),
    event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1000, iterations: steps } }),
  ])
    reader.read(Buffer.from(one), 0, Buffer.byteLength(one));
  expect(reader.usage()).toEqual(all);
});

test("a provider that does not tell them apart has written nothing for an hour", () => {
  const { cache_creation: _, ...plain } = usage;
  const { hourCacheWriteTokens: __, ...rest } = counted;
  const answer = { type: "message", content: [], usage: plain };
  expect(messages.readAnswer(Buffer.from(JSON.stringify(answer)))?.usage).toEqual(rest);
});
