import type { Transaction } from "@topdog/postgres/pool";
import type { OrgMember } from "../domain/org-member.ts";
import { putNewerMember } from "../store/org-members.ts";

/** Returns whether the snapshot was newer than the stored one. */
export const recordOrgMember = (trx: Transaction, member: OrgMember): Promise<boolean> =>
  putNewerMember(trx, member, Date.now());
