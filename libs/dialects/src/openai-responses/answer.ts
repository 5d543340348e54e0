import type { WholeAnswer } from "../dialect.ts";
import { type TokenUsage, tokensOf } from "../token-usage.ts";
import { countOf, isObject, parseObject } from "../wire-value.ts";

/** Null when it does not state both counts. */
export function readUsage(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const { input_tokens: input, output_tokens: output } = value;
  if (!Number.isSafeInteger(input) || !Number.isSafeInteger(output)) return null;
  const read = isObject(value["input_tokens_details"]) ? value["input_tokens_details"] : {};
  const made = isObject(value["output_tokens_details"]) ? value["output_tokens_details"] : {};
  return tokensOf({
    inputTokens: countOf(input),
    cachedInputTokens: countOf(read["cached_tokens"]),
    cacheWriteTokens: 0,
    outputTokens: countOf(output),
    reasoningTokens: countOf(made["reasoning_tokens"]),
  });
}

/** A failed response comes with 200 too. */
export function readAnswer(body: Buffer): WholeAnswer | null {
  const answer = parseObject(body);
  if (answer === null || answer["object"] !== "response" || !Array.isArray(answer["output"])) return null;
  return answer["status"] === "failed" ? null : { usage: readUsage(answer["usage"]) };
}
