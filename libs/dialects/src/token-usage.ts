import type { AnswerUsage } from "./conversation-answer.ts";

export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Not stated by the provider. */
  readonly estimated: boolean;
}

export const tokensOf = ({ inputTokens, outputTokens }: AnswerUsage): TokenUsage => ({
  promptTokens: inputTokens,
  completionTokens: outputTokens,
  estimated: false,
});
