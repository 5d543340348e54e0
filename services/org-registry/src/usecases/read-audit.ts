import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { runsOrg } from "../domain/permissions.ts";
import type { Acting } from "../store/acting.ts";
import { type AuditChain, type AuditRow, listAuditRows, readAuditRows } from "../store/audit-log.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { requireMember } from "./require-member.ts";

/** Whose history: an org's, or the caller's own. */
export type AuditScope = { readonly orgId: string } | "own";

export async function readAudit(
  { db }: RegistryDeps,
  caller: Caller,
  scope: AuditScope,
  query: PageQuery<number>,
): Promise<Page<AuditRow, number>> {
  const rows = await read(db, actingOf(caller), async (trx) =>
    listAuditRows(trx, await chainFor(trx, caller, scope), withOneMore(query)),
  );
  return pageOf(rows, query.limit, (row) => row.seq);
}

const exportBatchRows = 500;

/** All of it, oldest first, as far as it goes when the last row is read. */
export async function exportAudit(
  { db }: RegistryDeps,
  caller: Caller,
  scope: AuditScope,
): Promise<AsyncGenerator<AuditRow>> {
  const who = actingOf(caller);
  const chain = await read(db, who, (trx) => chainFor(trx, caller, scope));
  return rowsOf(db, who, chain);
}

async function* rowsOf(db: Database, who: Acting, chain: AuditChain): AsyncGenerator<AuditRow> {
  let after = 0;
  for (;;) {
    const rows = await read(db, who, (trx) => readAuditRows(trx, chain, after, exportBatchRows));
    yield* rows;
    if (rows.length < exportBatchRows) return;
    after = rows.at(-1)?.seq ?? after;
  }
}

async function chainFor(db: Database, caller: Caller, scope: AuditScope): Promise<AuditChain> {
  if (scope === "own") return `user:${caller.userId}`;
  if (!runsOrg(await requireMember(db, caller, scope.orgId))) {
    throw new AppError("forbidden", { detail: "Only the org's owner and admins see its audit log." });
  }
  return `org:${scope.orgId}`;
}
