import type { MemberRole } from "@topdog/contracts/events/org-events";

/** The part of a membership that decides permissions. */
export interface Standing {
  readonly userId: string;
  readonly role: MemberRole;
  readonly active: boolean;
}

/** Owner and admins run an org; an inactive admin does not. */
export const runsOrg = (who: Standing): boolean => who.active && who.role !== "member";

/** Only the owner makes admins. Nobody is made an owner by being given a role. */
export const mayGiveRole = (who: Standing, role: MemberRole): boolean =>
  runsOrg(who) && role !== "owner" && (role === "member" || who.role === "owner");

/** Nobody changes the owner's membership, the owner alone an admin's, and owner and admins a member's. */
export const mayChangeMember = (who: Standing, subject: Standing): boolean =>
  subject.role !== "owner" && mayGiveRole(who, subject.role);

/** A user may revoke their own keys; an org's key also whoever may change its holder. */
export const mayRevokeOrgKey = (who: Standing, holder: Standing): boolean =>
  who.userId === holder.userId || mayChangeMember(who, holder);

/** An org key reaches nothing of its user's beyond that org; a personal key may do what its user may. */
export const keyReaches = (callerOrgId: string | null, targetOrgId: string | null): boolean =>
  callerOrgId === null || callerOrgId === targetOrgId;
