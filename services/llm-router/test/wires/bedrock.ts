import { EventStreamCodec } from "@smithy/core/event-streams";
import { bedrock } from "../../src/clients/providers/bedrock/provider.ts";
import { finished, type WireUnderTest } from "./wire-under-test.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** A piece has one member, named after its message's type. */
function message(piece: object): Buffer {
  const [[type, body]] = Object.entries(piece) as [[string, object]];
  const isException = type.endsWith("Exception");
  const text = (value: string) => ({ type: "string", value }) as const;
  const headers = {
    [isException ? ":exception-type" : ":event-type"]: text(type),
    ":content-type": text("application/json"),
    ":message-type": text(isException ? "exception" : "event"),
  };
  return Buffer.from(codec.encode({ headers, body: Buffer.from(JSON.stringify(body)) }));
}

const model = "global.anthropic.claude-sonnet-4-6";
const counts = { inputTokens: 30, outputTokens: 7, totalTokens: 37 };
const usage = { inputTokens: 30, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 7, reasoningTokens: 0 };
const hi = { role: "user", content: [{ text: "Hi" }] };
const inferenceConfig = { maxTokens: 300 };
const toolSpecs = [
  {
    toolSpec: {
      name: "look_up",
      description: "Looks",
      inputSchema: { json: { type: "object", properties: { q: { type: "string" } } } },
    },
  },
];
const use = (toolUseId: string, input: object): object => ({ toolUse: { toolUseId, name: "look_up", input } });
const result = (toolUseId: string, text: string): object => ({ toolResult: { toolUseId, content: [{ text }] } });
const answer = (content: readonly object[], stopReason: string, stated: object = counts): object => ({
  output: { message: { role: "assistant", content } },
  stopReason,
  usage: stated,
  metrics: { latencyMs: 1 },
});
const delta = (contentBlockIndex: number, given: object): object => ({
  contentBlockDelta: { contentBlockIndex, delta: given },
});
const ending = (stopReason: string, stated: object = counts): readonly object[] => [
  { messageStop: { stopReason } },
  { metadata: { usage: stated, metrics: { latencyMs: 1 } } },
];
const start = { messageStart: { role: "assistant" } };
const cached = { ...counts, cacheReadInputTokens: 12, cacheWriteInputTokens: 4 };

export const bedrockWire: WireUnderTest = {
  source: "docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_{Converse,ConverseStream}",
  provider: bedrock,
  model,
  seal: "bedrock:",
  paths: { whole: `/model/${model}/converse`, streamed: `/model/${model}/converse-stream` },
  requests: {
    unset: { messages: [hi], inferenceConfig },
    text: {
      messages: [
        { role: "user", content: [{ text: "Grüße 👋" }] },
        { role: "assistant", content: [{ text: "Hello." }] },
        { role: "user", content: [{ text: "And?" }] },
      ],
      system: [{ text: "Be kind." }],
      inferenceConfig: { maxTokens: 300, temperature: 0.5, topP: 0.9, stopSequences: ["END"] },
    },
    media: {
      messages: [
        {
          role: "user",
          content: [
            { text: "What is this?" },
            { image: { format: "png", source: { bytes: "aGk=" } } },
            { document: { name: "a pdf", format: "pdf", source: { bytes: "aGk=" } } },
          ],
        },
      ],
      inferenceConfig,
    },
    tools: {
      messages: [
        { role: "user", content: [{ text: "Both?" }] },
        { role: "assistant", content: [use("call_1", { q: "x" }), use("call_2", { q: "y" })] },
        { role: "user", content: [result("call_1", "found"), result("call_2", "nothing")] },
      ],
      inferenceConfig,
      toolConfig: { tools: toolSpecs, toolChoice: { tool: { name: "look_up" } } },
    },
    schema: {
      messages: [hi],
      inferenceConfig,
      outputConfig: {
        textFormat: {
          type: "json_schema",
          structure: {
            jsonSchema: { schema: '{"type":"object","properties":{"a":{"type":"number"}}}', name: "answer" },
          },
        },
      },
    },
    thinking: {
      messages: [
        { role: "user", content: [{ text: "Think." }] },
        {
          role: "assistant",
          content: [{ reasoningContent: { reasoningText: { text: "Hm.", signature: "c2lnbmVk" } } }, use("call_1", {})],
        },
        { role: "user", content: [result("call_1", "found")] },
      ],
      inferenceConfig,
      toolConfig: { tools: toolSpecs },
      additionalModelRequestFields: { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
    },
    choices: { impossible: "choices" },
  },
  answers: [
    {
      name: "text",
      whole: answer([{ text: "Grüße 👋" }], "end_turn"),
      pieces: [
        start,
        delta(0, { text: "Grü" }),
        delta(0, { text: "ße 👋" }),
        { contentBlockStop: { contentBlockIndex: 0 } },
        ...ending("end_turn"),
      ],
      choices: [finished([{ kind: "text", text: "Grüße 👋" }], "stop")],
      usage,
    },
    {
      name: "signed thoughts and calls beside one another, on a prompt that was cached",
      whole: answer(
        [
          { reasoningContent: { reasoningText: { text: "Hm.", signature: "c2lnbmVk" } } },
          use("call_1", { q: "x" }),
          use("call_2", { q: "y" }),
        ],
        "tool_use",
        cached,
      ),
      pieces: [
        start,
        delta(0, { reasoningContent: { text: "Hm." } }),
        delta(0, { reasoningContent: { signature: "c2lnbmVk" } }),
        { contentBlockStop: { contentBlockIndex: 0 } },
        { contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: "call_1", name: "look_up" } } } },
        delta(1, { toolUse: { input: '{"q":' } }),
        delta(1, { toolUse: { input: '"x"}' } }),
        { contentBlockStop: { contentBlockIndex: 1 } },
        { contentBlockStart: { contentBlockIndex: 2, start: { toolUse: { toolUseId: "call_2", name: "look_up" } } } },
        delta(2, { toolUse: { input: '{"q":"y"}' } }),
        { contentBlockStop: { contentBlockIndex: 2 } },
        ...ending("tool_use", cached),
      ],
      choices: [
        finished(
          [
            { kind: "reasoning", text: "Hm.", signature: "bedrock:c2lnbmVk", encrypted: null },
            { kind: "tool_call", id: "call_1", name: "look_up", arguments: '{"q":"x"}' },
            { kind: "tool_call", id: "call_2", name: "look_up", arguments: '{"q":"y"}' },
          ],
          "tool_calls",
        ),
      ],
      usage: { ...usage, inputTokens: 46, cachedInputTokens: 12, cacheWriteTokens: 4 },
    },
    {
      name: "too long",
      whole: answer([{ text: "One" }], "max_tokens"),
      pieces: [start, delta(0, { text: "One" }), ...ending("max_tokens")],
      choices: [finished([{ kind: "text", text: "One" }], "length")],
      usage,
    },
    {
      name: "filtered",
      whole: answer([{ text: "No" }], "content_filtered"),
      pieces: [start, delta(0, { text: "No" }), ...ending("content_filtered")],
      choices: [finished([{ kind: "text", text: "No" }], "content_filter")],
      usage,
    },
  ],
  piecesToContent: 2,
  frame: (pieces) => Buffer.concat(pieces.map(message)),
  contentType: "application/vnd.amazon.eventstream",
  streamError: { throttlingException: { message: "Too many requests" } },
  streamErrorMeans: "rate_limited",
};
