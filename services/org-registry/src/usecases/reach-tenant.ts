import { orgTenant, userTenant } from "@topdog/contracts/byok";
import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import type { Credential, Tenant } from "../domain/credential.ts";
import { runsOrg } from "../domain/permissions.ts";
import { findCredential } from "../store/credentials.ts";
import { requireMember } from "./require-member.ts";

/**
 * The tenant whose credentials the caller asks for: with `orgId` that org's, which its owner and admins manage; else the
 * caller's own, and for an org key that org's. Throws AppError 404 or 403.
 */
export async function reachTenant(db: Database, caller: Caller, orgId: string | undefined): Promise<Tenant> {
  const org = orgId ?? caller.orgId;
  if (org === null) return userTenant(caller.userId) as Tenant;
  if (!runsOrg(await requireMember(db, caller, org))) {
    throw new AppError("forbidden", { detail: "Only the org's owner and admins manage its credentials." });
  }
  return orgTenant(org) as Tenant;
}

const credentialNotFound = (): AppError => new AppError("not_found", { detail: "There is no such credential." });

/** A credential that is missing, revoked or not the caller's to manage gives the same 404. */
export async function reachCredential(db: Database, caller: Caller, id: string): Promise<Credential> {
  const found = await findCredential(db, id);
  if (found === null) throw credentialNotFound();
  const [kind, ownerId] = found.tenant.split(":");
  const orgId = kind === "org" ? ownerId : undefined;
  if (orgId === undefined && (ownerId !== caller.userId || caller.orgId !== null)) throw credentialNotFound();
  const reached = await reachTenant(db, caller, orgId).catch((error: unknown) => {
    throw error instanceof AppError ? credentialNotFound() : error;
  });
  if (reached !== found.tenant) throw credentialNotFound();
  return found;
}
