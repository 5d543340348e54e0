import type { WholeAnswer } from "../dialect.ts";
import type { TokenUsage } from "../token-usage.ts";

const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** Reads a `usage` member; null when it does not state both counts. */
export function readUsage(usage: unknown): TokenUsage | null {
  if (typeof usage !== "object" || usage === null) return null;
  const promptTokens = count((usage as { prompt_tokens?: unknown }).prompt_tokens);
  const completionTokens = count((usage as { completion_tokens?: unknown }).completion_tokens);
  if (promptTokens === null || completionTokens === null) return null;
  return { promptTokens, completionTokens, estimated: false };
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
