import { quotaExhausted } from "@topdog/contracts/events/quota-exhausted";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Bucket } from "../domain/bucket.ts";

type Exhausted = Pick<Bucket, "owner" | "meter" | "day" | "limit">;

/** Appends `quota.exhausted` to the outbox. */
export async function publishExhausted(trx: Transaction, buckets: readonly Exhausted[]): Promise<void> {
  for (const { owner, meter, day, limit } of buckets)
    await appendOutbox(trx, quotaExhausted, { owner, meter, day, limit, at: new Date().toISOString() });
}

/** Today's exhausted buckets, the next ones after a bucket, in order. */
export async function pageOfExhausted(
  trx: Transaction,
  after: Pick<Exhausted, "owner" | "meter">,
  limit: number,
): Promise<Exhausted[]> {
  const { rows } = await trx.raw<{ rows: Exhausted[] }>(
    `select owner, meter, day::text as day, daily_limit as "limit" from bucket
     where exhausted_published and day = utc_today() and (owner, meter) > (?, ?) order by owner, meter limit ?`,
    [after.owner, after.meter, limit],
  );
  return rows;
}

/** When the store of the bus came to be that was told last; null when none ever was. */
export async function toldStore(db: Database): Promise<string | null> {
  const row = await db("told_store").first<{ created: string } | undefined>("created");
  return row?.created ?? null;
}

export async function noteToldStore(db: Database, created: string): Promise<void> {
  await db("told_store").insert({ created }).onConflict("is_only").merge();
}
