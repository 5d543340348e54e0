import type { AccountCaller } from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import { isPayer } from "../domain/org-member.ts";
import { findRole } from "../store/org-members.ts";
import { findOrgSeats } from "../store/org-seats.ts";

/**
 * Whose billing a request is about: the caller's own, or an org's whose owner or billing member the caller is. An org's key reaches its
 * org alone and a personal key its user alone, whoever they belong to. A stranger is not told whether the org exists.
 */
export async function findPayer(db: Database, caller: AccountCaller, askedOrgId: string | undefined): Promise<string> {
  const keyOrgId = caller.kind === "key" ? caller.orgId : null;
  const orgId = askedOrgId ?? keyOrgId;
  if (orgId === null) return `user:${caller.userId}`;
  const reaches = caller.kind === "session" || keyOrgId === orgId;
  const role = reaches ? await roleOf(db, caller, orgId) : null;
  if (isPayer(role)) return `org:${orgId}`;
  if (role !== null) throw new AppError("owner_only");
  throw new AppError("not_found", { detail: "There is no such org." });
}

/** The key's own role is as fresh as its principal; a session's comes from the copy that events keep. */
async function roleOf(db: Database, caller: AccountCaller, orgId: string): Promise<string | null> {
  if (caller.kind === "key") return caller.role;
  const [role, org] = await Promise.all([findRole(db, orgId, caller.userId), findOrgSeats(db, orgId)]);
  // Its members' own events may come later.
  if (org?.deletion === "done") return null;
  // The org's own snapshot names its owner, and may be here first.
  return isPayer(role) || org?.ownerUserId !== caller.userId ? role : "owner";
}
