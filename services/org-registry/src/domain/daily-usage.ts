import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { TenantSum } from "@topdog/contracts/rpc/sum-usage";

/** One call's part in what its tenant used that day. */
export interface CountedCall extends TenantSum {
  /** Of the usage: it counts once. */
  readonly id: string;
  readonly day: string;
  readonly userId: string;
}

/** As quota's ledger counts it: a refund takes the call back, and neither its tokens nor its cost. */
export function countedCallOf(usage: UsageConsumed): CountedCall {
  const { orgId, userId, day, outcome, provider, refund } = usage;
  const calls = refund ? 0 : 1;
  const isAnswered = outcome === "interrupted" || (provider !== null && outcome !== "rejected");
  return {
    id: usageIdOf(usage),
    tenant: orgId === null ? `user:${userId}` : `org:${orgId}`,
    day,
    userId,
    calls,
    llmRequests: isAnswered ? calls : 0,
    refundedCalls: 1 - calls,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    costNanoUsd: usage.costUnknown === true ? 0 : usage.costNanoUsd,
  };
}
