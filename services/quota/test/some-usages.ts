import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";
import type { As } from "@topdog/testing/account-call";
import { usageOf } from "@topdog/testing/usage";

/** Calls of ann on her own and in an org, and of bob from the org's pool: one that named models alone, and one that was refunded. */
export function someUsages(
  { own, seat, pool }: Readonly<Record<"own" | "seat" | "pool", LeaseGrant>>,
  org: string,
): UsageConsumed[] {
  const charge = (grant: LeaseGrant, seq: number) => [
    { meter: "api_calls" as const, leaseId: grant.leaseId ?? "", seq },
  ];
  return [
    usageOf(charge(own, 1), { userId: "ann", orgId: null }),
    usageOf(charge(own, 2), {
      userId: "ann",
      orgId: null,
      endpoint: "models",
      provider: null,
      model: null,
      promptTokens: 0,
      completionTokens: 0,
      costNanoUsd: 0,
    }),
    usageOf(charge(seat, 1), { userId: "ann", orgId: org }),
    usageOf(charge(pool, 1), { userId: "bob", orgId: org, source: "org_pool" }),
    usageOf(charge(pool, 2), {
      userId: "bob",
      orgId: org,
      source: "org_pool",
      refund: true,
      outcome: "failed",
      costNanoUsd: 0,
    }),
  ];
}

/** A user by a key of theirs, in an org or not. */
export const as = (userId: string, orgId: string | null, role?: As["role"]): As => ({
  userId,
  orgId,
  ...(role === undefined ? {} : { role }),
});
