import type { Conversation, UserPart } from "@topdog/dialects/conversation";

/** One thing that a caller may ask for, and what every provider must be told of it. */
export type Scenario = "text" | "media" | "tools" | "schema" | "thinking" | "choices" | "unset";

const user = (...parts: readonly UserPart[]) => ({ role: "user", parts }) as const;
const text = (value: string) => ({ kind: "text", text: value }) as const;

const plain: Conversation = {
  model: "the-model",
  streamed: false,
  system: [],
  turns: [user(text("Hi"))],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: { kind: "text" },
  sampling: { temperature: null, topP: null, topK: null, frequencyPenalty: null, presencePenalty: null, seed: null },
  stop: [],
  maxOutputTokens: 300,
  choices: 1,
  logprobs: null,
  reasoning: null,
  endUser: null,
};

const lookUp = {
  name: "look_up",
  description: "Looks",
  parameters: { type: "object", properties: { q: { type: "string" } } },
  strict: null,
};

/** `sealed`: a signature as the provider's own answers carry it to callers. */
export const said = (sealed: string): Readonly<Record<Scenario, Conversation>> => ({
  unset: plain,
  text: {
    ...plain,
    system: ["Be kind."],
    turns: [
      user(text("Grüße 👋")),
      { role: "assistant", parts: [{ kind: "text", text: "Hello." }] },
      user(text("And?")),
    ],
    sampling: { ...plain.sampling, temperature: 0.5, topP: 0.9 },
    stop: ["END"],
  },
  media: {
    ...plain,
    turns: [
      user(
        text("What is this?"),
        { kind: "image", source: { kind: "base64", mediaType: "image/png", base64: "aGk=" }, detail: null },
        { kind: "document", source: { kind: "base64", mediaType: "application/pdf", base64: "aGk=" }, name: "a.pdf" },
      ),
    ],
  },
  tools: {
    ...plain,
    turns: [
      user(text("Both?")),
      {
        role: "assistant",
        parts: [
          { kind: "tool_call", id: "call_1", name: "look_up", arguments: '{"q":"x"}' },
          { kind: "tool_call", id: "call_2", name: "look_up", arguments: '{"q":"y"}' },
        ],
      },
      user(
        { kind: "tool_result", callId: "call_1", parts: [text("found")], isError: false },
        { kind: "tool_result", callId: "call_2", parts: [text("nothing")], isError: false },
      ),
    ],
    tools: [lookUp],
    toolChoice: { kind: "tool", name: "look_up" },
  },
  schema: {
    ...plain,
    format: {
      kind: "json_schema",
      name: "answer",
      description: null,
      schema: { type: "object", properties: { a: { type: "number" } } },
      strict: true,
    },
  },
  thinking: {
    ...plain,
    turns: [
      user(text("Think.")),
      {
        role: "assistant",
        parts: [
          { kind: "reasoning", text: "Hm.", signature: sealed, encrypted: null },
          { kind: "tool_call", id: "call_1", name: "look_up", arguments: "{}" },
        ],
      },
      user({ kind: "tool_result", callId: "call_1", parts: [text("found")], isError: false }),
    ],
    tools: [lookUp],
    reasoning: { effort: "low", budgetTokens: null, shown: true },
  },
  choices: { ...plain, choices: 2, logprobs: { topCount: 1 } },
});
