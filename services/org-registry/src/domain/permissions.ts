import type { MemberRole } from "@topdog/contracts/events/org-events";

/** The roles that are given; an owner is made by handing the org over. */
export const givenRoles = ["admin", "member", "billing"] as const satisfies readonly MemberRole[];
export type GivenRole = (typeof givenRoles)[number];

/** The part of a membership that decides permissions. */
export interface Standing {
  readonly userId: string;
  readonly role: MemberRole;
  readonly active: boolean;
}

/** Owner and admins run an org; an inactive admin does not. */
export const runsOrg = (who: Standing): boolean => who.active && (who.role === "owner" || who.role === "admin");

/** Only the owner makes admins and says who pays. Nobody is made an owner by being given a role. */
export const mayGiveRole = (who: Standing, role: MemberRole): boolean =>
  runsOrg(who) && role !== "owner" && (role === "member" || who.role === "owner");

/** Nobody changes the owner's membership, the owner alone one of an admin or of who pays, and owner and admins a member's. */
export const mayChangeMember = (who: Standing, subject: Standing): boolean =>
  subject.role !== "owner" && mayGiveRole(who, subject.role);

/** A user may revoke their own keys; an org's key also whoever may change its holder. */
export const mayRevokeOrgKey = (who: Standing, holder: Standing): boolean =>
  who.userId === holder.userId || mayChangeMember(who, holder);

/** An org key reaches nothing of its user's beyond that org; a personal key may do what its user may. */
export const keyReaches = (callerOrgId: string | null, targetOrgId: string | null): boolean =>
  callerOrgId === null || callerOrgId === targetOrgId;
