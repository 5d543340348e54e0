import type { Answer, AnswerChoice, AnswerUsage, FinishReason, TokenLogprob } from "../conversation-answer.ts";
import type { AssistantPart } from "../conversation.ts";
import { countOf, isObject, parseObject, wordOf, type WireObject } from "../wire-value.ts";

const finishReasons: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    stop: "stop",
    length: "length",
    tool_calls: "tool_calls",
    function_call: "tool_calls",
    content_filter: "content_filter",
  }),
);

export const finishOf = (word: unknown): FinishReason => finishReasons.get(wordOf(word)) ?? "stop";

export function usageOf(value: unknown): AnswerUsage | null {
  if (!isObject(value) || typeof value["prompt_tokens"] !== "number") return null;
  const prompt = isObject(value["prompt_tokens_details"]) ? value["prompt_tokens_details"] : {};
  const completion = isObject(value["completion_tokens_details"]) ? value["completion_tokens_details"] : {};
  return {
    inputTokens: countOf(value["prompt_tokens"]),
    // DeepSeek has its own name for what it read from its cache.
    cachedInputTokens: countOf(prompt["cached_tokens"] ?? value["prompt_cache_hit_tokens"]),
    cacheWriteTokens: countOf(prompt["cache_write_tokens"]),
    outputTokens: countOf(value["completion_tokens"]),
    reasoningTokens: countOf(completion["reasoning_tokens"]),
  };
}

const bytesOf = (value: unknown): number[] | null => (Array.isArray(value) ? (value as number[]) : null);

export function logprobsOf(value: unknown): TokenLogprob[] | null {
  if (!isObject(value) || !Array.isArray(value["content"])) return null;
  return value["content"].filter(isObject).map((one) => ({
    token: wordOf(one["token"]),
    logprob: Number(one["logprob"]),
    bytes: bytesOf(one["bytes"]),
    top: (Array.isArray(one["top_logprobs"]) ? one["top_logprobs"] : []).filter(isObject).map((other) => ({
      token: wordOf(other["token"]),
      logprob: Number(other["logprob"]),
      bytes: bytesOf(other["bytes"]),
    })),
  }));
}

/** Providers of this API call a model's thoughts by two names. */
export const thoughtsOf = (message: WireObject): string =>
  wordOf(message["reasoning_content"] ?? message["reasoning"]) +
  chunksOf(message, "thinking")
    .map((one) => textOf(one["thinking"]))
    .join("");

/** Mistral's models that think answer in a list of pieces. */
const chunksOf = ({ content }: WireObject, type: string): WireObject[] =>
  Array.isArray(content) ? content.filter(isObject).filter((one) => one["type"] === type) : [];
const textOf = (value: unknown): string =>
  Array.isArray(value)
    ? value
        .filter(isObject)
        .map((one) => wordOf(one["text"]))
        .join("")
    : wordOf(value);

/** What is said, as a text or as a list of pieces. */
export const contentOf = (message: WireObject): string =>
  wordOf(message["content"]) +
  chunksOf(message, "text")
    .map((one) => wordOf(one["text"]))
    .join("");

function partsOf(message: WireObject): AssistantPart[] {
  const thoughts = thoughtsOf(message);
  const parts: AssistantPart[] = [];
  if (thoughts !== "") parts.push({ kind: "reasoning", text: thoughts, signature: null, encrypted: null });
  if (contentOf(message) !== "") parts.push({ kind: "text", text: contentOf(message) });
  if (wordOf(message["refusal"]) !== "") parts.push({ kind: "refusal", text: wordOf(message["refusal"]) });
  for (const call of Array.isArray(message["tool_calls"]) ? message["tool_calls"] : []) {
    const made = isObject(call) && isObject(call["function"]) ? call["function"] : {};
    const id = wordOf((call as WireObject)["id"]);
    parts.push({ kind: "tool_call", id, name: wordOf(made["name"]), arguments: wordOf(made["arguments"]) });
  }
  return parts;
}

function choiceOf(choice: WireObject): AnswerChoice {
  return {
    parts: isObject(choice["message"]) ? partsOf(choice["message"]) : [],
    finish: { reason: finishOf(choice["finish_reason"]), stopText: null },
    logprobs: logprobsOf(choice["logprobs"]),
  };
}

export function readWholeAnswer(body: Buffer): Answer | null {
  const answer = parseObject(body);
  if (answer === null || !Array.isArray(answer["choices"])) return null;
  const choices = answer["choices"].filter(isObject).map(choiceOf);
  return { id: wordOf(answer["id"]), model: wordOf(answer["model"]), choices, usage: usageOf(answer["usage"]) };
}
