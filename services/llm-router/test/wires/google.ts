import { google } from "../../src/clients/providers/google/provider.ts";
import { finished, type WireUnderTest } from "./wire-under-test.ts";

const candidate = (parts: readonly object[], finishReason: string | null, index = 0): object => ({
  content: { role: "model", parts },
  ...(finishReason === null ? {} : { finishReason }),
  index,
});
const response = (candidates: readonly object[], usage: object): object => ({
  candidates,
  usageMetadata: usage,
  modelVersion: "gemini-2.5-flash",
  responseId: "r1",
});
const counts = { promptTokenCount: 30, candidatesTokenCount: 7, totalTokenCount: 37 };
const usage = { inputTokens: 30, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 7, reasoningTokens: 0 };
const hi = { role: "user", parts: [{ text: "Hi" }] };
const declarations = [
  {
    functionDeclarations: [
      {
        name: "look_up",
        description: "Looks",
        parametersJsonSchema: { type: "object", properties: { q: { type: "string" } } },
      },
    ],
  },
];
const call = (id: string, args: object): object => ({ functionCall: { id, name: "look_up", args } });
const result = (id: string, output: string): object => ({
  functionResponse: { id, name: "look_up", response: { output } },
});

export const googleWire: WireUnderTest = {
  source:
    "ai.google.dev/api/generate-content, /gemini-api/docs/{function-calling,thinking,thought-signatures,structured-output}",
  provider: google,
  model: "gemini-2.5-flash",
  seal: "google:",
  paths: {
    whole: "/models/gemini-2.5-flash:generateContent",
    streamed: "/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
  },
  requests: {
    unset: { contents: [hi], generationConfig: { maxOutputTokens: 300 } },
    text: {
      systemInstruction: { parts: [{ text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "Grüße 👋" }] },
        { role: "model", parts: [{ text: "Hello." }] },
        { role: "user", parts: [{ text: "And?" }] },
      ],
      generationConfig: { temperature: 0.5, topP: 0.9, maxOutputTokens: 300, stopSequences: ["END"] },
    },
    media: {
      contents: [
        {
          role: "user",
          parts: [
            { text: "What is this?" },
            { inlineData: { mimeType: "image/png", data: "aGk=" } },
            { inlineData: { mimeType: "application/pdf", data: "aGk=" } },
          ],
        },
      ],
      generationConfig: { maxOutputTokens: 300 },
    },
    tools: {
      contents: [
        { role: "user", parts: [{ text: "Both?" }] },
        { role: "model", parts: [call("call_1", { q: "x" }), call("call_2", { q: "y" })] },
        { role: "user", parts: [result("call_1", "found"), result("call_2", "nothing")] },
      ],
      tools: declarations,
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["look_up"] } },
      generationConfig: { maxOutputTokens: 300 },
    },
    schema: {
      contents: [hi],
      generationConfig: {
        maxOutputTokens: 300,
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object", properties: { a: { type: "number" } } },
      },
    },
    thinking: {
      contents: [
        { role: "user", parts: [{ text: "Think." }] },
        { role: "model", parts: [{ ...call("call_1", {}), thoughtSignature: "c2lnbmVk" }] },
        { role: "user", parts: [result("call_1", "found")] },
      ],
      tools: declarations,
      generationConfig: {
        maxOutputTokens: 300,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 },
      },
    },
    choices: {
      contents: [hi],
      generationConfig: { maxOutputTokens: 300, candidateCount: 2, responseLogprobs: true, logprobs: 1 },
    },
  },
  answers: [
    {
      name: "text",
      whole: response([candidate([{ text: "Grüße 👋" }], "STOP")], counts),
      pieces: [
        response([candidate([{ text: "Grü" }], null)], { promptTokenCount: 30, totalTokenCount: 30 }),
        response([candidate([{ text: "ße 👋" }], "STOP")], counts),
      ],
      choices: [finished([{ kind: "text", text: "Grüße 👋" }], "stop")],
      usage,
    },
    {
      name: "calls beside one another, with a signature on the first, and thoughts that were cached and counted",
      whole: response(
        [
          candidate(
            [
              { text: "Hm.", thought: true },
              { functionCall: { name: "look_up", args: { q: "x" } }, thoughtSignature: "c2lnbmVk" },
              { functionCall: { id: "own", name: "look_up", args: { q: "y" } } },
            ],
            "STOP",
          ),
        ],
        { ...counts, thoughtsTokenCount: 20, cachedContentTokenCount: 12, totalTokenCount: 57 },
      ),
      pieces: [
        response([candidate([{ text: "Hm.", thought: true }], null)], counts),
        response(
          [
            candidate(
              [
                { functionCall: { name: "look_up", args: { q: "x" } }, thoughtSignature: "c2lnbmVk" },
                { functionCall: { id: "own", name: "look_up", args: { q: "y" } } },
              ],
              null,
            ),
          ],
          counts,
        ),
        response([candidate([{ text: "" }], "STOP")], {
          ...counts,
          thoughtsTokenCount: 20,
          cachedContentTokenCount: 12,
          totalTokenCount: 57,
        }),
      ],
      choices: [
        finished(
          [
            { kind: "reasoning", text: "Hm.", signature: null, encrypted: null },
            { kind: "reasoning", text: "", signature: "google:c2lnbmVk", encrypted: null },
            { kind: "tool_call", id: "call_r1_1", name: "look_up", arguments: '{"q":"x"}' },
            { kind: "tool_call", id: "own", name: "look_up", arguments: '{"q":"y"}' },
          ],
          "tool_calls",
        ),
      ],
      usage: { ...usage, cachedInputTokens: 12, outputTokens: 27, reasoningTokens: 20 },
    },
    {
      name: "too long",
      whole: response([candidate([{ text: "One" }], "MAX_TOKENS")], counts),
      pieces: [response([candidate([{ text: "One" }], "MAX_TOKENS")], counts)],
      choices: [finished([{ kind: "text", text: "One" }], "length")],
      usage,
    },
    {
      name: "a prompt that is blocked",
      whole: {
        promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
        usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
        modelVersion: "gemini-2.5-flash",
        responseId: "r1",
      },
      pieces: [
        {
          promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
          usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
          modelVersion: "gemini-2.5-flash",
          responseId: "r1",
        },
      ],
      choices: [finished([], "content_filter")],
      usage: { ...usage, inputTokens: 9, outputTokens: 0 },
    },
  ],
  piecesToContent: 1,
  frame: (pieces) => Buffer.from(pieces.map((piece) => `data: ${JSON.stringify(piece)}\r\n\r\n`).join("")),
  contentType: "text/event-stream",
  streamError: { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } },
  streamErrorMeans: "overloaded",
};
