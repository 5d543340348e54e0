import type { WholeAnswer } from "../dialect.ts";
import type { TokenUsage } from "../token-usage.ts";

const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

interface StatedUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown; readonly cache_write_tokens?: unknown } | null;
  readonly prompt_cache_hit_tokens?: unknown;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
}

/** Reads a `usage` member; null when it does not state both counts. */
export function readUsage(usage: unknown): TokenUsage | null {
  if (typeof usage !== "object" || usage === null) return null;
  const stated = usage as StatedUsage;
  const promptTokens = count(stated.prompt_tokens);
  const completionTokens = count(stated.completion_tokens);
  if (promptTokens === null || completionTokens === null) return null;
  // DeepSeek has its own name for what it read from its cache.
  const cached = count(stated.prompt_tokens_details?.cached_tokens) ?? count(stated.prompt_cache_hit_tokens) ?? 0;
  // OpenRouter's, for models whose makers charge for it.
  const written = count(stated.prompt_tokens_details?.cache_write_tokens) ?? 0;
  const reasoning = count(stated.completion_tokens_details?.reasoning_tokens) ?? 0;
  return {
    promptTokens,
    completionTokens,
    estimated: false,
    ...(cached === 0 ? {} : { cachedPromptTokens: Math.min(cached, promptTokens) }),
    ...(written === 0 ? {} : { cacheWriteTokens: Math.min(written, promptTokens) }),
    ...(reasoning === 0 ? {} : { reasoningTokens: reasoning }),
  };
}

/** An error inside of a 200 has no choices. */
export function readAnswer(body: Buffer): WholeAnswer | null {
  try {
    const answer = JSON.parse(body.toString("latin1")) as { choices?: unknown; usage?: unknown } | null;
    return Array.isArray(answer?.choices) ? { usage: readUsage(answer.usage) } : null;
  } catch {
    return null;
  }
}
