import { AppError } from "@topdog/errors/app-error";
import type { ApiKey } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import { type Page, pageOf } from "../domain/org.ts";
import { runsOrg } from "../domain/permissions.ts";
import { listLiveKeys } from "../store/api-keys.ts";
import type { RegistryDeps } from "./change.ts";
import { requireMember } from "./require-member.ts";

/** The caller's own live keys, as far as the calling key reaches; with `orgId` every key of an org that the caller runs. */
export async function listKeys(
  deps: RegistryDeps,
  caller: Caller,
  query: { orgId?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<Page<ApiKey>> {
  if (query.orgId !== undefined && !runsOrg(await requireMember(deps.db, caller, query.orgId))) {
    throw new AppError("forbidden", { detail: "Only the org's owner and admins see everybody's keys." });
  }
  const filter =
    query.orgId === undefined ? { userId: caller.userId, orgId: caller.orgId ?? undefined } : { orgId: query.orgId };
  const rows = await listLiveKeys(deps.db, filter, { after: query.cursor ?? null, limit: query.limit + 1 });
  return pageOf(rows, query.limit, (key) => key.id);
}
