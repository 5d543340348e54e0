import type { MemberRole } from "@topdog/contracts/events/org-events";

/** A membership as far as permissions go. */
export interface Standing {
  readonly userId: string;
  readonly role: MemberRole;
  readonly active: boolean;
}

/** Owner and admins run an org; an inactive admin does not. */
export const runsOrg = (who: Standing): boolean => who.active && who.role !== "member";

/** Only the owner makes admins. Nobody is made an owner: ownership is not handed over by a role. */
export const mayGiveRole = (who: Standing, role: MemberRole): boolean =>
  runsOrg(who) && role !== "owner" && (role === "member" || who.role === "owner");

/** The owner's membership is fixed; an admin's is the owner's to change; a member's any admin's. */
export const mayChangeMember = (who: Standing, subject: Standing): boolean =>
  subject.role !== "owner" && mayGiveRole(who, subject.role);

/** Own keys always; in an org the same people who may change the key's holder. */
export const mayRevokeOrgKey = (who: Standing, holder: Standing): boolean =>
  who.userId === holder.userId || mayChangeMember(who, holder);

/** A key made for one org reaches nothing of its user's beyond that org; a personal key speaks for the whole user. */
export const keyReaches = (callerOrgId: string | null, targetOrgId: string | null): boolean =>
  callerOrgId === null || callerOrgId === targetOrgId;
