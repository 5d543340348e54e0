import { orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** Whose buckets a call may have been charged to: any other one is somebody else's. */
export const ownersOf = ({ userId, orgId }: Pick<UsageConsumed, "userId" | "orgId">): readonly string[] =>
  orgId === null ? [userBucket(userId)] : [seatBucket(orgId, userId), orgBucket(orgId)];

/** Whose bucket it says that it was charged to. */
export const chargedOwnerOf = ({ userId, orgId, source }: Pick<UsageConsumed, "userId" | "orgId" | "source">): string =>
  orgId === null ? userBucket(userId) : source === "org_pool" ? orgBucket(orgId) : seatBucket(orgId, userId);
