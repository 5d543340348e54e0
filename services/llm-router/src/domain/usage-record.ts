import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { TokenUsage } from "@topdog/dialects/token-usage";

/** Who is charged for a call, and when it began. */
export type CallOrigin = Pick<
  UsageConsumed,
  "requestId" | "charges" | "source" | "day" | "keyId" | "userId" | "orgId" | "traceparent" | "startedAt"
>;

/** What a gateway says of a call that it has charged. */
interface AdmittedCall {
  readonly requestId: string;
  readonly principal: Principal;
  readonly charges: UsageConsumed["charges"];
  readonly source: UsageConsumed["source"];
  readonly day: string;
  readonly traceparent: string;
}

export function callOrigin(call: AdmittedCall, startedAtMs: number): CallOrigin {
  return {
    requestId: call.requestId,
    charges: call.charges,
    source: call.source,
    day: call.day,
    keyId: call.principal.keyId,
    userId: call.principal.userId,
    orgId: call.principal.orgId,
    traceparent: call.traceparent,
    startedAt: new Date(startedAtMs).toISOString(),
  };
}

export type CallResult = Pick<
  UsageConsumed,
  | "endpoint"
  | "streamed"
  | "outcome"
  | "refund"
  | "refundsLlmRequest"
  | "model"
  | "provider"
  | "attempts"
  | "costNanoUsd"
  | "credential"
  | "costUnknown"
> & { readonly tokens: TokenUsage };

export const noTokens: TokenUsage = { promptTokens: 0, completionTokens: 0, estimated: false };

export function usageRecord(
  origin: CallOrigin,
  { tokens, ...result }: CallResult,
  finishedAtMs: number,
): UsageConsumed {
  return { ...origin, ...result, ...tokens, finishedAt: new Date(finishedAtMs).toISOString() };
}

/** A call that no provider saw: a list of models, or a request that was refused as invalid. */
export function providerlessUsage(
  origin: CallOrigin,
  result: Pick<UsageConsumed, "endpoint" | "outcome" | "model"> & { readonly streamed?: boolean },
  finishedAtMs: number,
): UsageConsumed {
  const refundsLlmRequest = result.outcome === "rejected";
  const rest = {
    refund: result.outcome === "failed",
    refundsLlmRequest,
    provider: null,
    attempts: 0,
    costNanoUsd: 0,
    tokens: noTokens,
  };
  return usageRecord(origin, { streamed: false, ...result, ...rest }, finishedAtMs);
}
