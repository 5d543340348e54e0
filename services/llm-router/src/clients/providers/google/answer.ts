import type { AssistantPart } from "@topdog/dialects/conversation";
import type {
  Answer,
  AnswerChoice,
  AnswerUsage,
  FinishReason,
  TokenLogprob,
} from "@topdog/dialects/conversation-answer";
import { countOf, isObject, parseObject, wordOf, type WireObject } from "@topdog/dialects/wire-value";
import { marked } from "./seals.ts";

const finishReasons: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    STOP: "stop",
    MAX_TOKENS: "length",
    SAFETY: "content_filter",
    RECITATION: "content_filter",
    LANGUAGE: "content_filter",
    BLOCKLIST: "content_filter",
    PROHIBITED_CONTENT: "content_filter",
    SPII: "content_filter",
    IMAGE_SAFETY: "content_filter",
  }),
);
/** The model began a call that cannot be read: no answer. */
export const isGarbled = (reason: string): boolean =>
  reason === "MALFORMED_FUNCTION_CALL" || reason === "UNEXPECTED_TOOL_CALL";

/** "STOP" also where the model waits for results. */
export function finishOf(reason: string, hasCalls: boolean): FinishReason {
  const finish = finishReasons.get(reason) ?? "stop";
  return finish === "stop" && hasCalls ? "tool_calls" : finish;
}

export function usageOf(value: unknown): AnswerUsage | null {
  if (!isObject(value) || typeof value["promptTokenCount"] !== "number") return null;
  const reasoningTokens = countOf(value["thoughtsTokenCount"]);
  return {
    inputTokens: countOf(value["promptTokenCount"]) + countOf(value["toolUsePromptTokenCount"]),
    cachedInputTokens: countOf(value["cachedContentTokenCount"]),
    cacheWriteTokens: 0,
    // Thoughts are counted beside the rest of the answer, and paid like it.
    outputTokens: countOf(value["candidatesTokenCount"]) + reasoningTokens,
    reasoningTokens,
  };
}

/** A candidate's parts. Calls have names of their own only where the model gives them: else they are named after the answer. */
export function partsOf(candidate: WireObject, callId: () => string): AssistantPart[] {
  const content = isObject(candidate["content"]) ? candidate["content"] : {};
  const parts = Array.isArray(content["parts"]) ? content["parts"].filter(isObject) : [];
  return parts.flatMap((part): AssistantPart[] => {
    const call = part["functionCall"];
    if (isObject(call)) {
      const signature = wordOf(part["thoughtSignature"]);
      const args = JSON.stringify(isObject(call["args"]) ? call["args"] : {});
      const id = wordOf(call["id"]) === "" ? callId() : wordOf(call["id"]);
      return [
        ...(signature === ""
          ? []
          : [{ kind: "reasoning" as const, text: "", signature: marked(signature), encrypted: null }]),
        { kind: "tool_call", id, name: wordOf(call["name"]), arguments: args },
      ];
    }
    const text = wordOf(part["text"]);
    if (text === "") return [];
    return part["thought"] === true
      ? [{ kind: "reasoning", text, signature: null, encrypted: null }]
      : [{ kind: "text", text }];
  });
}

const logprobOf = (one: WireObject) => ({
  token: wordOf(one["token"]),
  logprob: Number(one["logProbability"]),
  bytes: null,
});

export function logprobsOf(value: unknown): TokenLogprob[] | null {
  if (!isObject(value) || !Array.isArray(value["chosenCandidates"])) return null;
  const tops = Array.isArray(value["topCandidates"]) ? value["topCandidates"] : [];
  return value["chosenCandidates"].filter(isObject).map((one, place) => {
    const top = isObject(tops[place]) && Array.isArray(tops[place]["candidates"]) ? tops[place]["candidates"] : [];
    return { ...logprobOf(one), top: top.filter(isObject).map(logprobOf) };
  });
}

/** The prompt itself was blocked: an answer that says nothing. */
export const isBlocked = ({ promptFeedback: feedback }: WireObject): boolean =>
  isObject(feedback) && typeof feedback["blockReason"] === "string";

const blocked: AnswerChoice = { parts: [], finish: { reason: "content_filter", stopText: null }, logprobs: null };

export function readWholeAnswer(body: Buffer): Answer | null {
  const answer = parseObject(body);
  if (answer === null) return null;
  const id = wordOf(answer["responseId"]);
  const common = { id, model: wordOf(answer["modelVersion"]), usage: usageOf(answer["usageMetadata"]) };
  const candidates = Array.isArray(answer["candidates"]) ? answer["candidates"].filter(isObject) : [];
  if (candidates.length === 0) return isBlocked(answer) ? { ...common, choices: [blocked] } : null;
  let calls = 0;
  const choices = candidates.map((candidate): AnswerChoice => {
    const parts = partsOf(candidate, () => `call_${id}_${(calls += 1)}`);
    const hasCalls = parts.some(({ kind }) => kind === "tool_call");
    const reason = finishOf(wordOf(candidate["finishReason"]), hasCalls);
    return { parts, finish: { reason, stopText: null }, logprobs: logprobsOf(candidate["logprobsResult"]) };
  });
  return candidates.some((one) => isGarbled(wordOf(one["finishReason"]))) ? null : { ...common, choices };
}
