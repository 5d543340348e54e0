import { describe, expect, test } from "@jest/globals";
import type { Conversation } from "@topdog/dialects/conversation";
import { format as bedrock } from "../src/clients/providers/bedrock/format.ts";
import { format as google } from "../src/clients/providers/google/format.ts";
import type { WireFormat } from "../src/clients/providers/provider.ts";
import { said } from "./wires/said.ts";

const { unset, tools, thinking } = said("anthropic:x");

const digits = "12345678901234567890";
const idCall = { kind: "tool_call", id: "call_1", name: "look_up", arguments: `{"id":${digits}}` } as const;

test.each([
  [
    "Google",
    google,
    `{"candidates":[{"content":{"parts":[{"functionCall":{"id":"call_1","name":"look_up","args":{"id":${digits}}}}]},"finishReason":"STOP"}]}`,
  ],
  [
    "Bedrock",
    bedrock,
    `{"output":{"message":{"content":[{"toolUse":{"toolUseId":"call_1","name":"look_up","input":{"id":${digits}}}}]}},"stopReason":"tool_use"}`,
  ],
] as const)(
  "%s: ids of 64 bits in the arguments of a call keep their digits, both ways",
  (_name, { outbound }, answer) => {
    const turns = tools.turns.map((turn) => (turn.role === "assistant" ? { ...turn, parts: [idCall] } : turn));
    const outgoing = outbound!.write({ ...tools, turns });
    expect(outgoing.kind === "request" ? outgoing.body.toString() : "").toContain(`"id":${digits}`);
    expect(outbound!.readAnswer(Buffer.from(answer))!.choices[0]!.parts).toEqual([idCall]);
  },
);

function written({ outbound }: WireFormat, conversation: Partial<Conversation>) {
  const outgoing = outbound!.write({ ...unset, ...conversation });
  if (outgoing.kind === "impossible") return { impossible: outgoing.what };
  return { body: JSON.parse(outgoing.body.toString()) as Record<string, never>, dropped: outgoing.dropped };
}
const think = (effort: "none" | "low" | "max" | null, budgetTokens: number | null = null) => ({
  reasoning: { effort, budgetTokens, shown: true },
});

describe("Google", () => {
  const config = (conversation: Partial<Conversation>) => written(google, conversation).body!["generationConfig"];

  test.each([
    ["gemini-2.5-flash", think("none"), { includeThoughts: false, thinkingBudget: 0 }],
    ["gemini-2.5-pro", think("none"), { includeThoughts: false, thinkingBudget: 128 }],
    ["gemini-2.5-pro", think("max"), { includeThoughts: true, thinkingBudget: 24_576 }],
    ["gemini-3.5-flash", think("none"), { includeThoughts: false, thinkingLevel: "minimal" }],
    ["gemini-3.1-pro-preview", think("none"), { includeThoughts: false, thinkingLevel: "low" }],
    ["gemini-3.5-flash", think("max"), { includeThoughts: true, thinkingLevel: "high" }],
    ["gemini-3.5-flash", think("low", 500), { includeThoughts: true, thinkingBudget: 500 }],
    ["gemini-3.5-flash", think(null), { includeThoughts: true }],
  ])("%s thinks as much as %j asks for, by a budget or a level and never both", (model, wish, expected) => {
    expect(config({ model, ...wish })).toMatchObject({ thinkingConfig: expected });
  });

  test("a call that another model made is marked as such where the model wants signatures, and only the first", () => {
    const parts = (model: string): { thoughtSignature?: string }[] =>
      (written(google, { ...tools, model }).body!["contents"]![1] as { parts: [] }).parts;
    expect(parts("gemini-3.5-flash").map((part) => part.thoughtSignature)).toEqual([
      "skip_thought_signature_validator",
      undefined,
    ]);
    expect(parts("gemini-2.5-flash").map((part) => part.thoughtSignature)).toEqual([undefined, undefined]);
    const foreign = written(google, { ...thinking, model: "gemini-2.5-flash" });
    expect([JSON.stringify(foreign.body).includes("anthropic:x"), foreign.dropped]).toEqual([
      false,
      ["turns.reasoning"],
    ]);
  });

  test("a failed result is an error, what it holds beside text follows, and links stay links", () => {
    const image = {
      kind: "image",
      source: { kind: "base64", mediaType: "image/png", base64: "aGk=" },
      detail: "low",
    } as const;
    const link = { kind: "document", source: { kind: "url", url: "https://a.test/x.pdf?y" }, name: null } as const;
    const result = {
      kind: "tool_result",
      callId: "call_1",
      parts: [{ kind: "text", text: "no" }, image],
      isError: true,
    } as const;
    const { body, dropped } = written(google, {
      ...tools,
      turns: [...tools.turns.slice(0, 2), { role: "user", parts: [result, link] }],
    });
    expect(body!["contents"]![2]).toEqual({
      role: "user",
      parts: [
        { functionResponse: { id: "call_1", name: "look_up", response: { error: "no" } } },
        { inlineData: { mimeType: "image/png", data: "aGk=" } },
        { fileData: { fileUri: "https://a.test/x.pdf?y", mimeType: "application/pdf" } },
      ],
    });
    expect(dropped).toEqual(["image.detail"]);
  });

  test.each([
    [null, false, undefined],
    [null, true, { mode: "VALIDATED" }],
    [{ kind: "none" } as const, true, { mode: "NONE" }],
    [{ kind: "required" } as const, false, { mode: "ANY" }],
  ])("choice %j of tools (strict: %s)", (toolChoice, strict, mode) => {
    const list = tools.tools.map((tool) => ({ ...tool, strict }));
    const { body, dropped } = written(google, { ...tools, tools: list, toolChoice, parallelToolCalls: false });
    expect((body as { toolConfig?: { functionCallingConfig: object } }).toolConfig?.functionCallingConfig).toEqual(
      mode,
    );
    expect(dropped).toEqual(["parallelToolCalls"]);
  });

  test("several answers and log probabilities are read, and what has too many stop texts cannot be told", () => {
    const chosen = [{ token: "a", logProbability: -0.5 }];
    const logprobsResult = {
      chosenCandidates: chosen,
      topCandidates: [{ candidates: [...chosen, { token: "b", logProbability: -1 }] }],
    };
    const one = { content: { parts: [{ text: "a" }] }, finishReason: "STOP", logprobsResult };
    const answer = google.outbound!.readAnswer(
      Buffer.from(JSON.stringify({ candidates: [one, { ...one, index: 1 }] })),
    )!;
    expect(answer.choices).toHaveLength(2);
    expect(answer.choices[1]!.logprobs).toEqual([
      {
        token: "a",
        logprob: -0.5,
        bytes: null,
        top: [
          { token: "a", logprob: -0.5, bytes: null },
          { token: "b", logprob: -1, bytes: null },
        ],
      },
    ]);
    expect(written(google, { stop: ["1", "2", "3", "4", "5", "6"] })).toEqual({ impossible: "stop" });
    expect(written(google, { choices: 9 })).toEqual({ impossible: "choices" });
    const garbled = { candidates: [{ ...one, finishReason: "MALFORMED_FUNCTION_CALL" }] };
    expect(google.outbound!.readAnswer(Buffer.from(JSON.stringify(garbled)))).toBeNull();
  });
});

describe("Bedrock", () => {
  const fields = (conversation: Partial<Conversation>) =>
    (written(bedrock, conversation).body as { additionalModelRequestFields?: object }).additionalModelRequestFields;

  test.each([
    ["global.anthropic.claude-sonnet-4-6", think("none"), { thinking: { type: "disabled" } }],
    ["global.anthropic.claude-sonnet-4-6", think(null, 9000), { thinking: { type: "enabled", budget_tokens: 1024 } }],
    ["openai.gpt-oss-120b-1:0", think("max"), { reasoning_effort: "high" }],
    ["amazon.nova-2-lite-v1:0", think("low"), { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } }],
    ["meta.llama3-3-70b-instruct-v1:0", think("low"), undefined],
  ])("%s is told %j in its own members", (model, wish, expected) => {
    expect(fields({ model, ...wish })).toEqual(expected);
  });

  test.each([
    ["logprobs", { logprobs: { topCount: 1 } }],
    ["format", { format: { kind: "json" } as const }],
    ["format", { ...said("")["schema"], model: "amazon.nova-pro-v1:0" }],
    ["toolChoice", { ...tools, toolChoice: { kind: "none" } as const }],
    [
      "image.url",
      {
        turns: [
          { role: "user", parts: [{ kind: "image", source: { kind: "url", url: "https://a.test" }, detail: null }] },
        ] as const,
      },
    ],
    [
      "document.mediaType",
      {
        turns: [
          {
            role: "user",
            parts: [{ kind: "document", source: { kind: "base64", mediaType: "audio/wav", base64: "" }, name: null }],
          },
        ] as const,
      },
    ],
  ])("cannot be told %s, and says so instead of leaving it out", (what, conversation) => {
    expect(written(bedrock, conversation)).toEqual({ impossible: what });
  });

  test("text that shows nothing is left out, a result that says nothing is empty, names are what it takes", () => {
    const { body } = written(bedrock, {
      turns: [
        {
          role: "user",
          parts: [
            { kind: "text", text: " " },
            { kind: "tool_result", callId: "c", parts: [], isError: true },
          ],
        },
        { role: "assistant", parts: [{ kind: "text", text: "" }] },
        {
          role: "user",
          parts: [{ kind: "document", source: { kind: "text", text: "hi" }, name: "a//b..c  (1).txt" }],
        },
      ],
    });
    expect(body!["messages"]).toEqual([
      { role: "user", content: [{ toolResult: { toolUseId: "c", content: [{ json: {} }], status: "error" } }] },
      { role: "user", content: [{ document: { name: "a b c (1) txt", format: "txt", source: { bytes: "aGk=" } } }] },
    ]);
  });

  test("what its answers do not depend on is dropped by name, and a temperature is bounded", () => {
    const sampling = { temperature: 1.7, topP: null, topK: 5, frequencyPenalty: 1, presencePenalty: 0, seed: 3 };
    const { body, dropped } = written(bedrock, { model: "amazon.nova-pro-v1:0", sampling, endUser: "u" });
    expect(body!["inferenceConfig"]).toEqual({ maxTokens: 300, temperature: 1 });
    expect(dropped!.toSorted()).toEqual([
      "endUser",
      "sampling.frequencyPenalty",
      "sampling.seed",
      "sampling.temperature",
      "sampling.topK",
    ]);
  });
});
