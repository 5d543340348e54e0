import type { Database, Transaction } from "@topdog/postgres/pool";
import { needsWork, type WebhookEvent } from "../domain/webhook-event.ts";

/** Stripe can send an event again for 30 days: its id is known for longer than that. */
export const keepEventsMs = 40 * 86_400_000;
const maxCleanRows = 5_000;

/** Returns false for an event that is known already. One about no customer needs no work. */
export async function addWebhookEvent(db: Database, event: WebhookEvent): Promise<boolean> {
  const state = needsWork(event) ? "pending" : "ignored";
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `insert into webhook_event (id, type, api_version, customer_id, object_path, created_at, state, settled_at)
     values (?, ?, ?, ?, ?, ?, ?, case when ? = 'ignored' then now() end) on conflict (id) do nothing returning id`,
    [event.id, event.type, event.apiVersion, event.customerId, event.objectPath, event.createdAt, state, state],
  );
  return rows.length === 1;
}

/** Customers with events that are due, the longest waiting first; a few at a time. */
export async function customersWithEvents(db: Database, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { customer_id: string }[] }>(
    `select customer_id from webhook_event where state = 'pending' and customer_id is not null and next_attempt_at <= now()
     group by customer_id order by min(next_attempt_at) limit ?`,
    [limit],
  );
  return rows.map((row) => row.customer_id);
}

/** Events that name only their object. */
export async function eventsWithoutCustomer(
  db: Database,
  limit: number,
): Promise<{ id: string; objectPath: string }[]> {
  const { rows } = await db.raw<{ rows: { id: string; object_path: string }[] }>(
    `select id, object_path from webhook_event
     where state = 'pending' and customer_id is null and next_attempt_at <= now() order by next_attempt_at limit ?`,
    [limit],
  );
  return rows.map((row) => ({ id: row.id, objectPath: row.object_path }));
}

export async function nameCustomer(db: Database, id: string, customerId: string | null): Promise<void> {
  await db.raw(
    customerId === null
      ? "update webhook_event set state = 'ignored', settled_at = now() where id = ?"
      : "update webhook_event set customer_id = ? where id = ?",
    customerId === null ? [id] : [customerId, id],
  );
}

export type PendingEvent = Pick<WebhookEvent, "id" | "type">;

/** Those that a fetch which begins now will have seen the truth of. */
export async function pendingEvents(db: Database, customerId: string): Promise<PendingEvent[]> {
  const { rows } = await db.raw<{ rows: PendingEvent[] }>(
    "select id, type from webhook_event where customer_id = ? and state = 'pending'",
    [customerId],
  );
  return rows;
}

/** Returns for how long each had been here, in seconds. */
export async function settleEvents(trx: Transaction, ids: readonly string[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const { rows } = await trx.raw<{ rows: { seconds: number }[] }>(
    `update webhook_event set state = 'done', settled_at = clock_timestamp(), last_error = null where id = any(?)
     returning extract(epoch from clock_timestamp() - received_at)::float8 as seconds`,
    [[...ids]],
  );
  return rows.map(({ seconds }) => seconds);
}

interface Failure {
  readonly backoffMs: (attempt: number) => number;
  readonly maxAttempts: number;
  readonly error: string;
}

/** Puts the events of a customer, or one event, off; after the last attempt they are left to an operator. */
export async function postponeEvents(
  db: Database,
  which: { readonly customerId: string } | { readonly id: string },
  { backoffMs, maxAttempts, error }: Failure,
): Promise<void> {
  const [column, value] = "id" in which ? ["id", which.id] : ["customer_id", which.customerId];
  const { rows } = await db.raw<{ rows: { id: string; attempts: number }[] }>(
    `select id, attempts from webhook_event where ${column} = ? and state = 'pending'`,
    [value],
  );
  for (const { id, attempts } of rows) {
    await db.raw(
      `update webhook_event set attempts = attempts + 1, last_error = ?, next_attempt_at = now() + make_interval(secs => ?),
         state = case when attempts + 1 >= ? then 'failed' else 'pending' end
       where id = ? and state = 'pending'`,
      [error, backoffMs(attempts + 1) / 1000, maxAttempts, id],
    );
  }
}

/** Makes events pending again: one, or all that failed. Returns how many. */
export async function replayEvents(db: Database, id: string | null): Promise<number> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `update webhook_event set state = 'pending', attempts = 0, next_attempt_at = now(), settled_at = null
     where (customer_id is not null or object_path is not null)
       and case when ?::text is null then state = 'failed' else id = ? end
     returning id`,
    [id, id],
  );
  return rows.length;
}

export async function deleteOldEvents(db: Database): Promise<void> {
  await db.raw(
    `delete from webhook_event where id in
       (select id from webhook_event where settled_at < now() - make_interval(secs => ?) order by settled_at limit ?)`,
    [keepEventsMs / 1000, maxCleanRows],
  );
}

export async function countEvents(db: Database): Promise<{ pending: number; failed: number; oldestSeconds: number }> {
  const { rows } = await db.raw<{ rows: { pending: number; failed: number; oldest: number }[] }>(
    `select count(*) filter (where state = 'pending')::int as pending, count(*) filter (where state = 'failed')::int as failed,
       coalesce(extract(epoch from now() - min(received_at) filter (where state = 'pending')), 0)::float8 as oldest
     from webhook_event where state in ('pending', 'failed')`,
  );
  const row = rows[0];
  return { pending: row?.pending ?? 0, failed: row?.failed ?? 0, oldestSeconds: row?.oldest ?? 0 };
}
