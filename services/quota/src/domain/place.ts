import type { MemberRole } from "@topdog/contracts/events/org-events";
import { orgBucket, seatBucket, serviceAccounts, userBucket } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Standing } from "@topdog/contracts/rpc/resolve-standing";

/** How a person stands to an org, as whoever keeps its members says. Throws AppError 503 when that is not known. */
export type FindStanding = (userId: string, orgId: string | null) => Promise<Standing>;

/** Where somebody acts: in their own account, or in one org. */
export interface Place {
  readonly userId: string;
  readonly orgId: string | null;
  /** Whether they may see what all members of the org used. */
  readonly seesWholeOrg: boolean;
}

/** Who pays for an org and who runs it see all of its usage; an admin without a seat does not run it. */
export const seesUsageOfOrg = ({ role, active }: { readonly role: MemberRole; readonly active: boolean }): boolean =>
  role === "owner" || role === "billing" || (role === "admin" && active);

/** What calls in one place are charged to, in the order in which it is used. */
export interface Account {
  readonly orgId: string | null;
  /** The caller's own bucket there; null for a member without a seat. */
  readonly personal: string | null;
  readonly pool: string | null;
  /** Whose share of the pool it is; null for a member without a seat, who draws nothing. */
  readonly member: string | null;
}

export const accountOfUser = (userId: string): Account => ({
  orgId: null,
  personal: userBucket(userId),
  pool: null,
  member: userId,
});

/** A service account has no bucket of its own. */
export const accountOfKey = (
  { userId, buckets }: Pick<Principal, "userId" | "buckets">,
  orgId: string | null,
): Account => ({
  orgId,
  personal: buckets.personal,
  pool: buckets.org,
  member: buckets.personal === null ? serviceAccounts : userId,
});

export const accountOfMember = (orgId: string, userId: string, hasSeat: boolean): Account => ({
  orgId,
  personal: hasSeat ? seatBucket(orgId, userId) : null,
  pool: orgBucket(orgId),
  member: hasSeat ? userId : null,
});
