import type { AdmittedCall } from "@topdog/contracts/principal-header";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { TokenUsage } from "./token-usage.ts";

/** What is known of an admitted call from its header alone. */
export type CallFacts = Pick<
  UsageConsumed,
  "requestId" | "charges" | "source" | "day" | "keyId" | "userId" | "orgId" | "traceparent" | "startedAt"
>;

export function callFacts(call: AdmittedCall, traceparent: string | undefined, startedAtMs: number): CallFacts {
  return {
    requestId: call.requestId,
    charges: call.charges,
    source: call.source,
    day: call.day,
    keyId: call.principal.keyId,
    userId: call.principal.userId,
    orgId: call.principal.orgId,
    traceparent: traceparent ?? null,
    startedAt: new Date(startedAtMs).toISOString(),
  };
}

export type CallResult = Pick<
  UsageConsumed,
  "endpoint" | "streamed" | "outcome" | "refund" | "model" | "provider" | "attempts" | "costNanoUsd"
> & { readonly tokens: TokenUsage };

export const noTokens: TokenUsage = { promptTokens: 0, completionTokens: 0, estimated: false };

export function usageRecord(facts: CallFacts, { tokens, ...result }: CallResult, finishedAtMs: number): UsageConsumed {
  return { ...facts, ...result, ...tokens, finishedAt: new Date(finishedAtMs).toISOString() };
}

/** A call that no provider saw: a list of models, or a request that was refused as invalid. */
export function providerlessUsage(
  facts: CallFacts,
  result: Pick<UsageConsumed, "endpoint" | "outcome" | "model"> & { readonly streamed?: boolean },
  finishedAtMs: number,
): UsageConsumed {
  const rest = { refund: false, provider: null, attempts: 0, costNanoUsd: 0, tokens: noTokens };
  return usageRecord(facts, { streamed: false, ...result, ...rest }, finishedAtMs);
}
