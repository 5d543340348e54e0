import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import { keyReaches } from "../domain/permissions.ts";
import { findMember } from "../store/orgs.ts";

/** The caller's membership. A missing org and one that is not the caller's give the same 404. */
export async function requireMember(
  db: Database,
  caller: Pick<Caller, "userId" | "orgId">,
  orgId: string,
): Promise<Member> {
  const member = keyReaches(caller.orgId, orgId) ? await findMember(db, orgId, caller.userId) : null;
  if (member === null) throw orgNotFound();
  return member;
}

export const orgNotFound = (): AppError => new AppError("not_found", { detail: "There is no such org." });
