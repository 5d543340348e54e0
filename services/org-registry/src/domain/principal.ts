import { byokCapacity, type PlanId, plans } from "@topdog/contracts/plans";
import { orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { MemberRole } from "@topdog/contracts/events/org-events";

/** A live key with what decides its principal. */
export interface KeyHolder {
  readonly keyId: string;
  readonly userId: string;
  readonly orgId: string | null;
  /** Null outside an org, or for a membership that is gone. */
  readonly role: MemberRole | null;
  readonly active: boolean;
  /** The plan in force for the org of an org key, else for the user; null when billing has told none. */
  readonly plan: PlanId | null;
  readonly seats: number;
}

/** A key's principal; null when its holder has no seat in its org. */
export function principalOf(holder: KeyHolder): Principal | null {
  const { keyId, userId, orgId } = holder;
  if (orgId !== null && (holder.role === null || !holder.active)) return null;
  const plan = plans[holder.plan ?? "free"];
  const slots = byokCapacity(plan, holder.seats);
  const scope = orgId === null ? "user" : "org";
  return {
    keyId,
    userId,
    orgId,
    role: orgId === null ? null : holder.role,
    buckets:
      orgId === null
        ? { personal: userBucket(userId), org: null }
        : { personal: seatBucket(orgId, userId), org: orgBucket(orgId) },
    // No credential can be stored yet, so none is in use. A pool that the plan lacks has no slots.
    byok: { scope, used: 0, capacity: slots.scope === scope ? slots.capacity : 0 },
  };
}
