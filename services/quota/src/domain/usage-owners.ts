import { keyCeilingBucket, memberCeilingBucket, orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** Whose buckets a call may have been charged to: any other one is somebody else's. */
export function ownersOf({
  keyId,
  userId,
  orgId,
}: Pick<UsageConsumed, "keyId" | "userId" | "orgId">): readonly string[] {
  const ofKey = keyCeilingBucket(keyId);
  if (orgId === null) return [userBucket(userId), ofKey];
  return [seatBucket(orgId, userId), orgBucket(orgId), ofKey, memberCeilingBucket(orgId, userId)];
}

/** Whose bucket it says that it was charged to. */
export const chargedOwnerOf = ({ userId, orgId, source }: Pick<UsageConsumed, "userId" | "orgId" | "source">): string =>
  orgId === null ? userBucket(userId) : source === "org_pool" ? orgBucket(orgId) : seatBucket(orgId, userId);
