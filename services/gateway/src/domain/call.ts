import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge, ChargeSource } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";

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
