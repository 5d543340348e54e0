import type { Database } from "@topdog/postgres/pool";

export interface SweepPass {
  readonly startedAt: Date;
  /** The subscription after which it goes on; null at its beginning. */
  readonly afterId: string | null;
  readonly finishedAt: Date | null;
}

export async function findPass(db: Database): Promise<SweepPass | null> {
  const { rows } = await db.raw<{ rows: { started_at: Date; after_id: string | null; finished_at: Date | null }[] }>(
    "select started_at, after_id, finished_at from sweep_pass",
  );
  const row = rows[0];
  return row === undefined ? null : { startedAt: row.started_at, afterId: row.after_id, finishedAt: row.finished_at };
}

export async function putPass(db: Database, { startedAt, afterId, finishedAt }: SweepPass): Promise<void> {
  await db.raw(
    `insert into sweep_pass (started_at, after_id, finished_at) values (?, ?, ?)
     on conflict (id) do update set started_at = excluded.started_at, after_id = excluded.after_id, finished_at = excluded.finished_at`,
    [startedAt, afterId, finishedAt],
  );
}
