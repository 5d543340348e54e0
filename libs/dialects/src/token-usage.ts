import type { AnswerUsage } from "./conversation-answer.ts";

export interface TokenUsage {
  /** All of them: those read from the provider's cache and written to it are among them. */
  readonly promptTokens: number;
  /** Reasoning is among them. */
  readonly completionTokens: number;
  /** Not stated by the provider. */
  readonly estimated: boolean;
  /** Absent: the provider did not say, or none. */
  readonly cachedPromptTokens?: number;
  readonly cacheWriteTokens?: number;
  /** Of those written, the ones that the provider keeps for an hour. */
  readonly hourCacheWriteTokens?: number;
  readonly reasoningTokens?: number;
}

/** What is none is left out. */
export const tokensOf = (usage: AnswerUsage): TokenUsage => ({
  promptTokens: usage.inputTokens,
  completionTokens: usage.outputTokens,
  estimated: false,
  ...(usage.cachedInputTokens === 0 ? {} : { cachedPromptTokens: usage.cachedInputTokens }),
  ...(usage.cacheWriteTokens === 0 ? {} : { cacheWriteTokens: usage.cacheWriteTokens }),
  ...(usage.hourCacheWriteTokens === undefined ? {} : { hourCacheWriteTokens: usage.hourCacheWriteTokens }),
  ...(usage.reasoningTokens === 0 ? {} : { reasoningTokens: usage.reasoningTokens }),
});
