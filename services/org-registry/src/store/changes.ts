import { changesPerPage, principalEvents } from "@topdog/contracts/rpc/list-changes";
import type { Database } from "@topdog/postgres/pool";

export interface Change {
  readonly subject: string;
  readonly payload: string;
}

export interface ChangesPage {
  readonly changes: readonly Change[];
  readonly next: string | null;
}

const subjects = principalEvents.map(({ subject }) => subject);

/**
 * The time from which a later question must start: an outbox row has the time at which its transaction began, and no
 * transaction that is still open began earlier. Read before the rows. The second is for one that has begun and is not listed yet.
 */
export async function changesHorizon(db: Database): Promise<string> {
  const { rows } = await db.raw<{ rows: [{ horizon: string }] }>(
    `select to_char(
       (least(clock_timestamp(), min(xact_start)) - interval '1 second') at time zone 'utc',
       'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as horizon
     from pg_stat_activity where datname = current_database() and usename = current_user`,
  );
  return rows[0].horizon;
}

/** What was appended since then, sent or not, in the order of `seq`. One read of an index for what is new. */
export async function listChangesSince(db: Database, since: string, after: string | null): Promise<ChangesPage> {
  const { rows } = await db.raw<{ rows: (Change & { seq: string })[] }>(
    `select seq, subject, payload from outbox
     where created_at >= ?::timestamptz and seq > ? and subject = any(?) order by seq limit ${changesPerPage}`,
    [since, after ?? "0", subjects],
  );
  return {
    changes: rows.map(({ subject, payload }) => ({ subject, payload })),
    next: rows.length < changesPerPage ? null : rows.at(-1)!.seq,
  };
}
