import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge, ChargeSource, Meter } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";

/** What distinguishes one hot route from another. */
export interface CallKind {
  readonly route: "chat_completions" | "models";
  readonly endpoint: UsageConsumed["endpoint"];
  readonly method: "GET" | "POST";
  /** Taken of the caller's own allowance, the API call first. */
  readonly cost: readonly [Meter, ...Meter[]];
}

export const chatCompletions: CallKind = {
  route: "chat_completions",
  endpoint: "chat.completions",
  method: "POST",
  cost: ["api_calls", "llm_requests"],
};
export const models: CallKind = { route: "models", endpoint: "models", method: "GET", cost: ["api_calls"] };

export interface UndeliveredCall {
  readonly requestId: string;
  readonly principal: Principal;
  readonly endpoint: UsageConsumed["endpoint"];
  readonly charges: Charge[];
  readonly source: ChargeSource;
  readonly day: string;
  readonly traceparent: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly attempts: number;
}

/** The usage of a call that no router answered for: nothing was delivered, so its tokens go back. */
export function undeliveredUsage(call: UndeliveredCall, outcome: "failed" | "client_closed"): UsageConsumed {
  const { principal } = call;
  return {
    requestId: call.requestId,
    charges: call.charges,
    source: call.source,
    day: call.day,
    keyId: principal.keyId,
    userId: principal.userId,
    orgId: principal.orgId,
    endpoint: call.endpoint,
    streamed: false,
    outcome,
    refund: true,
    model: null,
    provider: null,
    promptTokens: 0,
    completionTokens: 0,
    estimated: false,
    costNanoUsd: 0,
    attempts: call.attempts,
    traceparent: call.traceparent,
    startedAt: call.startedAt.toISOString(),
    finishedAt: call.finishedAt.toISOString(),
  };
}
