import type { WholeAnswer } from "../dialect.ts";
import type { AnswerUsage } from "../conversation-answer.ts";
import { tokensOf } from "../token-usage.ts";
import { countOf, isObject, parseObject, type WireObject } from "../wire-value.ts";

const sumOf = (parts: readonly WireObject[], name: string): number =>
  parts.reduce((sum, part) => sum + countOf(part[name]), 0);

/** Anthropic counts what it read from its cache and wrote to it apart from the rest of the prompt, and leaves what compaction took out of its sums. Null when it states no counts. */
export function usageOf(value: unknown): AnswerUsage | null {
  if (!isObject(value) || typeof value["output_tokens"] !== "number") return null;
  const steps = Array.isArray(value["iterations"]) ? value["iterations"].filter(isObject) : [];
  const all = [value, ...steps.filter(({ type }) => type === "compaction")];
  const cached = sumOf(all, "cache_read_input_tokens");
  const written = sumOf(all, "cache_creation_input_tokens");
  const byTime = isObject(value["cache_creation"]) ? value["cache_creation"] : {};
  const hour = Math.min(written, countOf(byTime["ephemeral_1h_input_tokens"]));
  const details = isObject(value["output_tokens_details"]) ? value["output_tokens_details"] : {};
  return {
    inputTokens: sumOf(all, "input_tokens") + cached + written,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    ...(hour === 0 ? {} : { hourCacheWriteTokens: hour }),
    outputTokens: sumOf(all, "output_tokens"),
    reasoningTokens: countOf(details["thinking_tokens"]),
  };
}

export function readAnswer(body: Buffer): WholeAnswer | null {
  const answer = parseObject(body);
  if (answer === null || answer["type"] !== "message" || !Array.isArray(answer["content"])) return null;
  const usage = usageOf(answer["usage"]);
  return { usage: usage === null ? null : tokensOf(usage) };
}
