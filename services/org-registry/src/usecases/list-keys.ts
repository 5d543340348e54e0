import { AppError } from "@topdog/errors/app-error";
import { type ApiKey, type KeyPosition, positionOfKey } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { runsOrg } from "../domain/permissions.ts";
import { listLiveKeys } from "../store/api-keys.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { requireMember } from "./require-member.ts";

/** The caller's own live keys that the calling key may see; with `orgId` every key of an org that the caller owns or administers. */
export async function listKeys(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string | undefined,
  query: PageQuery<KeyPosition>,
): Promise<Page<ApiKey, KeyPosition>> {
  const filter = orgId === undefined ? { userId: caller.userId, orgId: caller.orgId ?? undefined } : { orgId };
  const rows = await read(deps.db, actingOf(caller), async (trx) => {
    if (orgId !== undefined && !runsOrg(await requireMember(trx, caller, orgId))) {
      throw new AppError("forbidden", { detail: "Only the org's owner and admins see everybody's keys." });
    }
    return listLiveKeys(trx, filter, withOneMore(query));
  });
  return pageOf(rows, query.limit, positionOfKey);
}
