import type { WholeAnswer } from "../dialect.ts";
import type { AnswerUsage } from "../conversation-answer.ts";
import { tokensOf } from "../token-usage.ts";
import { countOf, isObject, parseObject } from "../wire-value.ts";

/** Anthropic counts what it read from its cache and wrote to it apart from the rest of the prompt. Null when it states no counts. */
export function usageOf(value: unknown): AnswerUsage | null {
  if (!isObject(value) || typeof value["output_tokens"] !== "number") return null;
  const cached = countOf(value["cache_read_input_tokens"]);
  const written = countOf(value["cache_creation_input_tokens"]);
  const byTime = isObject(value["cache_creation"]) ? value["cache_creation"] : {};
  const hour = Math.min(written, countOf(byTime["ephemeral_1h_input_tokens"]));
  const details = isObject(value["output_tokens_details"]) ? value["output_tokens_details"] : {};
  return {
    inputTokens: countOf(value["input_tokens"]) + cached + written,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    ...(hour === 0 ? {} : { hourCacheWriteTokens: hour }),
    outputTokens: countOf(value["output_tokens"]),
    reasoningTokens: countOf(details["thinking_tokens"]),
  };
}

export function readAnswer(body: Buffer): WholeAnswer | null {
  const answer = parseObject(body);
  if (answer === null || answer["type"] !== "message" || !Array.isArray(answer["content"])) return null;
  const usage = usageOf(answer["usage"]);
  return { usage: usage === null ? null : tokensOf(usage) };
}
