import { describe, expect, test } from "@jest/globals";
import type { Dialect } from "@topdog/dialects/dialect";
import type { OutboundForm } from "@topdog/dialects/conversation-forms";
import { dialects } from "@topdog/dialects/dialects";
import { format as bedrock } from "../src/clients/providers/bedrock/format.ts";
import { format as google } from "../src/clients/providers/google/format.ts";

const dialectOf = (id: string): Dialect => dialects.find((one) => one.id === id)!;
const spoken: readonly (readonly [string, OutboundForm])[] = [
  ...dialects.flatMap(({ id, outbound }) => (outbound === null ? [] : [[id, outbound] as const])),
  ["google", google.outbound!],
  ["bedrock", bedrock.outbound!],
];

const schema = { type: "object", properties: { a: { type: "integer" } }, additionalProperties: false };
const hint = { type: "ephemeral" };

/** A request in each dialect that says all that its API's reference knows of a conversation, each thing once. */
const requests: Readonly<Record<string, object>> = {
  "openai-chat": {
    model: "m",
    messages: [
      { role: "developer", content: "Be kind." },
      {
        role: "user",
        name: "anna",
        content: [
          { type: "text", text: "Hi", cache_control: hint },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=", detail: "high" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf" } },
        ],
      },
      {
        role: "assistant",
        content: "I look.",
        reasoning_content: "Hm.",
        annotations: [{ type: "url_citation" }],
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' }, extra_content: { x: 1 } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "found" },
    ],
    tools: [
      { type: "function", function: { name: "f", description: "d", parameters: schema, strict: true }, later: 1 },
    ],
    tool_choice: { type: "function", function: { name: "f" } },
    parallel_tool_calls: false,
    response_format: {
      type: "json_schema",
      json_schema: { name: "n", description: "d", schema, strict: true, later: 1 },
    },
    temperature: 0.5,
    top_p: 0.9,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    seed: 7,
    stop: ["x"],
    max_completion_tokens: 99,
    reasoning_effort: "high",
    user: "u",
    stream: true,
    stream_options: { include_obfuscation: true },
    metadata: { a: "b" },
    store: true,
    verbosity: "low",
    prediction: { type: "content", content: "x" },
    prompt_cache_key: "k",
    service_tier: "auto",
  },
  "openai-responses": {
    model: "m",
    instructions: "Be kind.",
    input: [
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Hi", cache_control: hint },
          { type: "input_image", image_url: "data:image/png;base64,aGk=", detail: "original" },
          { type: "input_file", file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf", detail: "high" },
        ],
      },
      {
        type: "reasoning",
        summary: [{ type: "summary_text", text: "Hm." }],
        content: [{ type: "reasoning_text", text: "Hm?" }],
      },
      {
        type: "message",
        role: "assistant",
        phase: "commentary",
        content: [{ type: "output_text", text: "I look.", annotations: [{ type: "url_citation" }] }],
      },
      { type: "function_call", call_id: "call_1", name: "f", arguments: "{}", namespace: "n" },
      { type: "function_call_output", call_id: "call_1", output: "found" },
    ],
    tools: [{ type: "function", name: "f", description: "d", parameters: schema, strict: true, defer_loading: true }],
    tool_choice: { type: "function", name: "f" },
    parallel_tool_calls: false,
    max_tool_calls: 3,
    text: {
      format: { type: "json_schema", name: "n", description: "d", schema, strict: true, later: 1 },
      verbosity: "low",
    },
    reasoning: { effort: "high", context: "auto" },
    temperature: 0.5,
    top_p: 0.9,
    top_logprobs: 3,
    max_output_tokens: 99,
    safety_identifier: "u",
    prompt_cache_key: "k",
    prompt_cache_retention: "24h",
    truncation: "auto",
    metadata: { a: "b" },
    service_tier: "auto",
    stream: true,
    stream_options: { include_obfuscation: false },
    include: ["message.output_text.logprobs"],
    context_management: [{ type: "compaction" }],
  },
  "anthropic-messages": {
    model: "m",
    max_tokens: 9000,
    system: [{ type: "text", text: "Be kind." }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Hi", cache_control: hint },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } },
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
            title: "t",
            context: "From the archive.",
            citations: { enabled: true },
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "another:s" },
          { type: "text", text: "I look." },
          { type: "tool_use", id: "call_1", name: "f", input: { a: 1 }, caller: { type: "direct" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", is_error: true, content: [{ type: "text", text: "none" }] },
          { type: "text", text: "And?" },
        ],
      },
    ],
    tools: [
      {
        name: "f",
        description: "d",
        input_schema: schema,
        strict: true,
        defer_loading: true,
        input_examples: [{ a: 1 }],
      },
    ],
    tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    thinking: { type: "enabled", budget_tokens: 5000 },
    output_config: { format: { type: "json_schema", schema }, task_budget: { type: "tokens", total: 5 } },
    stop_sequences: ["x"],
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    metadata: { user_id: "u", other: 1 },
    stream: true,
    service_tier: "auto",
    context_management: { edits: [{ type: "clear_thinking" }] },
  },
};

/** They say nothing of their own: what they name goes without saying, or the provider has no other way. */
const understood = [
  // Everything is of these kinds, or is known by another member.
  /\.type$/,
  /^messages\.\d+\.content\.\d+\.source\.type$/,
  // An object's schema is one of an object.
  /^tools\.0\.(?:function\.parameters|input_schema)\.type$/,
  // A forced call and an answer by a schema are strict at these providers.
  /^tools\.0\.(?:function\.)?strict$/,
  /^(?:response_format\.json_schema|text\.format)\.strict$/,
  // Thoughts that the provider did not sign are left out whole, as `turns.reasoning`; a wish to think, as `reasoning`.
  /^(?:input\.1\.summary|messages\.1\.content\.0\.signature$|thinking\.)/,
  // It is in the address.
  /^stream$/,
];

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, at: Path = []): Generator<Path> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inside] of Object.entries(value)) {
    const path = [...at, Array.isArray(value) ? Number(name) : name];
    yield path;
    yield* pathsOf(inside, path);
  }
}

type Tree = Record<string | number, unknown>;

function without(request: object, path: Path): object {
  const copy = structuredClone(request);
  const parent = path.slice(0, -1).reduce<Tree>((tree, name) => tree[name] as Tree, copy as Tree);
  const last = path.at(-1)!;
  if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete parent[last];
  return copy;
}

interface Told {
  readonly dropped: readonly string[];
  /** What the provider is told, and what the caller is told of what it is not; or why the call is refused. */
  readonly all: string;
}

function tell(caller: Dialect, provider: OutboundForm, request: object): Told {
  try {
    const { conversation, dropped } = caller.inbound!.read({
      body: Buffer.from(JSON.stringify(request)),
      wantsUsage: true,
    });
    const written = provider.write(conversation);
    if (written.kind === "impossible") return { dropped: [], all: `impossible: ${written.what}` };
    const named = [...new Set([...dropped, ...written.dropped])].toSorted();
    return { dropped: named, all: `${written.body.toString()} ${named.join()}` };
  } catch (error) {
    return { dropped: [], all: String(error) };
  }
}

/** By its own name, or by that of what it stands in. */
function isNamed(path: Path, dropped: readonly string[]): boolean {
  const names = path.filter((name) => typeof name === "string");
  return names.some((name, index) => dropped.includes(name) || dropped.includes(names.slice(0, index + 1).join(".")));
}

const pairs = Object.keys(requests).flatMap((caller) =>
  spoken.filter(([id]) => id !== caller).map(([id, provider]) => [caller, id, provider] as const),
);

describe("a call across dialects: whatever a request says reaches the provider, or is named to the caller, or is refused", () => {
  test.each(pairs)("%s at %s", (caller, _id, provider) => {
    const request = requests[caller]!;
    const dialect = dialectOf(caller);
    const whole = tell(dialect, provider, request);
    expect(whole.all).toMatch(/^\{/);
    const silent = [...pathsOf(request)]
      .filter((path) => tell(dialect, provider, without(request, path)).all === whole.all)
      .filter((path) => !isNamed(path, whole.dropped))
      .map((path) => path.join("."))
      .filter((path) => !understood.some((one) => one.test(path)));
    expect(silent).toEqual([]);
  });
});
