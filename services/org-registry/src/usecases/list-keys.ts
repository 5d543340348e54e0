import { AppError } from "@topdog/errors/app-error";
import { type ApiKey, type KeyPosition, positionOfKey } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { runsOrg } from "../domain/permissions.ts";
import { listLiveKeys } from "../store/api-keys.ts";
import type { RegistryDeps } from "./change.ts";
import { requireMember } from "./require-member.ts";

/** The caller's own live keys that the calling key may see; with `orgId` every key of an org that the caller owns or administers. */
export async function listKeys(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string | undefined,
  query: PageQuery<KeyPosition>,
): Promise<Page<ApiKey, KeyPosition>> {
  if (orgId !== undefined && !runsOrg(await requireMember(deps.db, caller, orgId))) {
    throw new AppError("forbidden", { detail: "Only the org's owner and admins see everybody's keys." });
  }
  const filter = orgId === undefined ? { userId: caller.userId, orgId: caller.orgId ?? undefined } : { orgId };
  return pageOf(await listLiveKeys(deps.db, filter, withOneMore(query)), query.limit, positionOfKey);
}
