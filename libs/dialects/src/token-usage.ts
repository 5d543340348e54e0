export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Not stated by the provider. */
  readonly estimated: boolean;
}
