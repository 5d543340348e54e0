import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Problem } from "../domain/governing.ts";

export interface QuarantineEntry extends Problem {
  readonly id: string;
  readonly owner: string | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

export async function putProblem(db: Database, problem: Problem, owner: string | null, at: Date): Promise<void> {
  await db.raw(
    `insert into quarantine (kind, subject, owner, detail, first_seen_at, last_seen_at) values (?, ?, ?, ?, ?, ?)
     on conflict (kind, subject) where resolved_at is null
     do update set owner = excluded.owner, detail = excluded.detail, last_seen_at = excluded.last_seen_at`,
    [problem.kind, problem.subject, owner, problem.detail, at, at],
  );
}

/** What was wrong with an owner and is no longer. Money that went back is never so: a person closes it. */
export async function resolveGone(trx: Transaction, owner: string, still: readonly Problem[], at: Date): Promise<void> {
  const keys = still.map(({ kind, subject }) => `${kind} ${subject}`);
  await trx.raw(
    `update quarantine set resolved_at = ?, resolution = 'no longer so'
     where owner = ? and resolved_at is null and kind <> 'money_went_back' and not (kind || ' ' || subject) = any(?::text[])`,
    [at, owner, keys],
  );
}

export async function listQuarantine(db: Database, limit: number): Promise<QuarantineEntry[]> {
  const { rows } = await db.raw<{
    rows: (Problem & { id: string; owner: string | null; first_seen_at: Date; last_seen_at: Date })[];
  }>(
    `select id, kind, subject, owner, detail, first_seen_at, last_seen_at from quarantine
     where resolved_at is null order by id limit ?`,
    [limit],
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    owner: row.owner,
    detail: row.detail,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  }));
}

/** Returns the entry's owner and subject; null when there is no such open entry. */
export async function resolveEntry(
  db: Database,
  id: string,
  resolution: string,
): Promise<{ readonly kind: Problem["kind"]; readonly subject: string; readonly owner: string | null } | null> {
  const { rows } = await db.raw<{ rows: { kind: Problem["kind"]; subject: string; owner: string | null }[] }>(
    `update quarantine set resolved_at = now(), resolution = ? where id = ? and resolved_at is null
     returning kind, subject, owner`,
    [resolution, id],
  );
  return rows[0] ?? null;
}

export async function countQuarantine(db: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.raw<{ rows: { kind: string; n: number }[] }>(
    "select kind, count(*)::int as n from quarantine where resolved_at is null group by kind",
  );
  return new Map(rows.map(({ kind, n }) => [kind, n]));
}
