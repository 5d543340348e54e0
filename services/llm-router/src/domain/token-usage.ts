export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Not stated by the provider. */
  readonly estimated: boolean;
}

const bytesPerToken = 4;

export const estimatePromptTokens = (bodyBytes: number): number => Math.ceil(bodyBytes / bytesPerToken);

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
