import type { AssistantPart } from "./conversation.ts";

/** A whole answer freed of its dialect. */
export interface Answer {
  /** The provider's name for it; a writer gives it the form that its dialect wants. */
  readonly id: string;
  readonly model: string;
  readonly choices: readonly AnswerChoice[];
  readonly usage: AnswerUsage | null;
}

export interface AnswerChoice {
  /** In the order in which they were produced. */
  readonly parts: readonly AssistantPart[];
  readonly finish: Finish;
  readonly logprobs: readonly TokenLogprob[] | null;
}

export interface Finish {
  readonly reason: FinishReason;
  /** The text that ended it, when the provider says which. */
  readonly stopText: string | null;
}

export const finishReasons = ["stop", "length", "tool_calls", "content_filter", "refusal"] as const;
export type FinishReason = (typeof finishReasons)[number];

interface LogprobOf {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

export interface TokenLogprob extends LogprobOf {
  readonly top: readonly LogprobOf[];
}

export interface AnswerUsage {
  /** All of them: those read from the provider's cache and written to it are among them. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  /** Of those written, the ones that the provider keeps for an hour; absent: none, or it does not tell them apart. */
  readonly hourCacheWriteTokens?: number;
  /** Reasoning is among them. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** One step of a streamed answer. `choice` counts the answers, `call` the tool calls of one answer; both from 0. */
export type AnswerEvent =
  /** Once, before all others. */
  | { readonly kind: "start"; readonly id: string; readonly model: string }
  | {
      readonly kind: "text";
      readonly choice: number;
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[];
    }
  | { readonly kind: "refusal"; readonly choice: number; readonly text: string }
  | { readonly kind: "reasoning"; readonly choice: number; readonly text: string }
  /** Ends one piece of reasoning that has a signature or is encrypted; as in ReasoningPart. */
  | {
      readonly kind: "reasoning_seal";
      readonly choice: number;
      readonly signature: string | null;
      readonly encrypted: string | null;
    }
  | {
      readonly kind: "tool_call";
      readonly choice: number;
      readonly call: number;
      readonly id: string;
      readonly name: string;
    }
  /** Continues the arguments of a call that has begun. */
  | { readonly kind: "tool_arguments"; readonly choice: number; readonly call: number; readonly text: string }
  | { readonly kind: "finish"; readonly choice: number; readonly finish: Finish }
  /** The last one counts. */
  | { readonly kind: "usage"; readonly usage: AnswerUsage }
  /** The whole answer is there: nothing follows. */
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly error: "rate_limited" | "overloaded" | "error" };
