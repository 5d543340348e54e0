import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { FailureKind } from "../domain/attempt-failure.ts";
import type { ChatRequest } from "../domain/chat-request.ts";
import type { ModelCatalog, Offer } from "../domain/model-catalog.ts";
import { costNanoUsd } from "../domain/models.ts";
import { estimatePromptTokens, type TokenUsage } from "../domain/token-usage.ts";
import { type CallFacts, noTokens, usageRecord } from "../domain/usage-record.ts";
import type { UsageSpool } from "../domain/usage-spool.ts";
import type { Upstreams } from "../clients/upstreams.ts";
import type { AnswerSink } from "./answer-sink.ts";

export interface ChatObserver {
  attempt(upstreamId: string, outcome: "ok" | "refused" | FailureKind): void;
  firstContent(upstreamId: string, ms: number): void;
  /** A call was refused because its usage could not be recorded. */
  refused(): void;
}

export interface ChatDeps {
  readonly catalog: ModelCatalog;
  readonly upstreams: Upstreams;
  readonly spool: UsageSpool;
  readonly observer: ChatObserver;
  readonly maxAttempts: number;
  readonly timeouts: {
    /** Of a stream, until its first content event. */
    readonly firstContentMs: number;
    /** Of a plain answer, until it is whole. */
    readonly plainAnswerMs: number;
    readonly interChunkMs: number;
    /** How long a caller that does not read may hold a stream. */
    readonly callerDrainMs: number;
  };
  readonly nowMs: () => number;
  /** Counts up: spreads calls between equals. */
  readonly nextTurn: () => number;
}

/** One admitted call on its way. */
export interface ChatCall {
  readonly facts: CallFacts;
  readonly deadlineMs: number;
  readonly answer: AnswerSink;
}

export interface Served {
  readonly offer: Offer | null;
  readonly attempts: number;
}

/** The usage of a call that a provider was asked for. */
export function chatUsage(
  deps: Pick<ChatDeps, "nowMs">,
  call: ChatCall,
  request: ChatRequest,
  result: Served & {
    readonly outcome: UsageConsumed["outcome"];
    readonly refund: boolean;
    readonly tokens: TokenUsage;
  },
): UsageConsumed {
  const { offer, attempts, outcome, refund, tokens } = result;
  const { promptTokens, completionTokens } = tokens;
  const common = { endpoint: "chat.completions", streamed: request.streamed, model: request.model } as const;
  const provider = offer?.upstreamId ?? null;
  const cost = offer === null ? 0 : costNanoUsd(offer.model, promptTokens, completionTokens);
  const full = { ...common, provider, attempts, outcome, refund, tokens, costNanoUsd: cost };
  return usageRecord(call.facts, full, deps.nowMs());
}

/** What a call that ended early is charged: the prompt was read once a provider had it. */
export function producedTokens(request: ChatRequest, attempts: number, contentEvents: number): TokenUsage {
  if (attempts === 0) return noTokens;
  const promptTokens = estimatePromptTokens(request.bodyBytes);
  return { promptTokens, completionTokens: contentEvents, estimated: true };
}

/** Who served it, for the caller. */
export function servedHeaders({ offer, attempts }: Served): Record<string, string> {
  return {
    ...(offer === null ? {} : { "x-topdog-provider": offer.upstreamId, "x-topdog-model": offer.model.id }),
    "x-topdog-attempts": String(attempts),
  };
}
