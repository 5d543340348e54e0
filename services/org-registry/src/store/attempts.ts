import { createHash } from "node:crypto";
import type { Database } from "@topdog/postgres/pool";

/** How many attempts of one kind are allowed for one thing in a window of time. */
export interface AttemptLimit {
  /** What is counted, with its value: `sign-in of account a@b.example`. */
  readonly of: string;
  readonly max: number;
  readonly windowMs: number;
}

const keyOf = (of: string): string => createHash("sha256").update(of).digest("hex");

/** Counts one attempt. Returns for how long no more are allowed, in milliseconds; 0 when this one is. */
export async function countAttempt(db: Database, { of, max, windowMs }: AttemptLimit, nowMs: number): Promise<number> {
  const now = new Date(nowMs);
  // One statement: attempts at the same moment are each counted.
  const { rows } = await db.raw<{ rows: { count: number; window_ends_at: Date }[] }>(
    `insert into attempt (key, count, window_ends_at) values (?, 1, ?)
     on conflict (key) do update set
       count = case when attempt.window_ends_at <= ? then 1 else attempt.count + 1 end,
       window_ends_at = case when attempt.window_ends_at <= ? then excluded.window_ends_at else attempt.window_ends_at end
     returning count, window_ends_at`,
    [keyOf(of), new Date(nowMs + windowMs), now, now],
  );
  const row = rows[0];
  return row === undefined || row.count <= max ? 0 : row.window_ends_at.getTime() - nowMs;
}

/** An attempt that was right is no guess. */
export async function forgiveAttempt(db: Database, { of }: AttemptLimit): Promise<void> {
  await db.raw("update attempt set count = greatest(count - 1, 0) where key = ?", [keyOf(of)]);
}
