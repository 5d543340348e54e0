import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { maxServiceAccounts, type ServiceAccount } from "../domain/service-account.ts";
import { listLiveKeyIdsOf, lockLiveKey } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId } from "../store/key-material.ts";
import {
  countServiceAccounts,
  insertServiceAccount,
  listServiceAccounts as readServiceAccounts,
  lockServiceAccount,
  markServiceAccountRemoved,
} from "../store/service-accounts.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { changeOrg, permitRunning } from "./change-org.ts";
import { requireMember } from "./require-member.ts";
import { withdrawKey } from "./revoke-key.ts";

export const permitManaging = permitRunning("Only the org's owner and admins manage its service accounts.");

export async function createServiceAccount(
  deps: RegistryDeps,
  caller: Caller,
  { orgId, name }: { readonly orgId: string; readonly name: string },
): Promise<ServiceAccount> {
  return changeOrg(deps, caller, orgId, permitManaging, async ({ trx, at, actor }) => {
    if ((await countServiceAccounts(trx, orgId)) >= maxServiceAccounts) {
      throw new AppError("conflict", {
        detail: `An org may have ${maxServiceAccounts} service accounts: remove one first.`,
      });
    }
    const account: ServiceAccount = {
      id: createId("svc", deps.randomBytes),
      orgId,
      name,
      createdBy: caller.userId,
      createdAt: at,
    };
    await insertServiceAccount(trx, account);
    const entry = { chain: `org:${orgId}`, at, actor, action: "service_account.created", target: account.id } as const;
    await appendAudit(trx, { ...entry, details: { name } });
    return account;
  });
}

export async function listServiceAccounts(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  query: PageQuery<string>,
): Promise<Page<ServiceAccount, string>> {
  const rows = await read(deps.db, actingOf(caller), async (trx) => {
    permitManaging(await requireMember(trx, caller, orgId));
    return readServiceAccounts(trx, orgId, withOneMore(query));
  });
  return pageOf(rows, query.limit, ({ id }) => id);
}

/** Its keys are refused everywhere from now on. */
export async function removeServiceAccount(
  deps: RegistryDeps,
  caller: Caller,
  { orgId, serviceAccountId }: { readonly orgId: string; readonly serviceAccountId: string },
): Promise<void> {
  await changeOrg(deps, caller, orgId, permitManaging, async ({ trx, at, actor }) => {
    const account = await lockServiceAccount(trx, orgId, serviceAccountId);
    if (account === null) throw serviceAccountNotFound();
    await endServiceAccount(trx, account, actor, at);
  });
}

/** The part that being removed and the deletion of the org share. */
export async function endServiceAccount(
  trx: Transaction,
  { id, orgId, name }: ServiceAccount,
  actor: string,
  at: Date,
): Promise<void> {
  for (const keyId of await listLiveKeyIdsOf(trx, id)) {
    const key = await lockLiveKey(trx, keyId);
    if (key !== null) await withdrawKey(trx, key, actor, at);
  }
  await markServiceAccountRemoved(trx, id, at);
  const entry = { chain: `org:${orgId}`, at, actor, action: "service_account.removed", target: id } as const;
  await appendAudit(trx, { ...entry, details: { name } });
}

export const serviceAccountNotFound = (): AppError =>
  new AppError("not_found", { detail: "There is no such service account." });
