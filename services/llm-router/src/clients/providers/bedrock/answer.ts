import type { AssistantPart } from "@topdog/dialects/conversation";
import type { Answer, AnswerUsage, FinishReason } from "@topdog/dialects/conversation-answer";
import { countOf, isObject, parseObject, wordOf, type WireObject } from "@topdog/dialects/wire-value";
import { marked } from "./seals.ts";

const finishReasons: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    end_turn: "stop",
    stop_sequence: "stop",
    tool_use: "tool_calls",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    guardrail_intervened: "content_filter",
    content_filtered: "content_filter",
    refusal: "refusal",
  }),
);
/** The model wrote what cannot be read: no answer. */
export const isGarbled = (reason: string): boolean => reason.startsWith("malformed_");
export const finishOf = (reason: string): FinishReason => finishReasons.get(reason) ?? "stop";

/** What was read from the cache and written to it is counted beside the rest of the prompt. */
export function usageOf(value: unknown): AnswerUsage | null {
  if (!isObject(value) || typeof value["outputTokens"] !== "number") return null;
  const cached = countOf(value["cacheReadInputTokens"]);
  const written = countOf(value["cacheWriteInputTokens"]);
  return {
    inputTokens: countOf(value["inputTokens"]) + cached + written,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    outputTokens: countOf(value["outputTokens"]),
    reasoningTokens: 0,
  };
}

function reasoningOf(content: WireObject): AssistantPart[] {
  if (typeof content["redactedContent"] === "string") {
    return [{ kind: "reasoning", text: "", signature: null, encrypted: marked(content["redactedContent"]) }];
  }
  const given = isObject(content["reasoningText"]) ? content["reasoningText"] : {};
  const signature = wordOf(given["signature"]);
  const seal = signature === "" ? null : marked(signature);
  return [{ kind: "reasoning", text: wordOf(given["text"]), signature: seal, encrypted: null }];
}

function partOf(block: WireObject): AssistantPart[] {
  const { text, toolUse, reasoningContent } = block;
  if (typeof text === "string") return [{ kind: "text", text }];
  if (isObject(reasoningContent)) return reasoningOf(reasoningContent);
  if (!isObject(toolUse)) return [];
  const args = JSON.stringify(toolUse["input"] ?? {});
  return [{ kind: "tool_call", id: wordOf(toolUse["toolUseId"]), name: wordOf(toolUse["name"]), arguments: args }];
}

/** The API names neither the answer nor its model. */
export function readWholeAnswer(body: Buffer): Answer | null {
  const answer = parseObject(body);
  const output = isObject(answer?.["output"]) ? answer["output"] : {};
  const message = isObject(output["message"]) ? output["message"] : {};
  const reason = wordOf(answer?.["stopReason"]);
  if (answer === null || !Array.isArray(message["content"]) || isGarbled(reason)) return null;
  const parts = message["content"].filter(isObject).flatMap(partOf);
  const choices = [{ parts, finish: { reason: finishOf(reason), stopText: null }, logprobs: null }];
  return { id: "", model: "", choices, usage: usageOf(answer["usage"]) };
}
