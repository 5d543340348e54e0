import { deadLetterStream, streams, type DurableDeclaration } from "@topdog/contracts/topology";
import type { Database, Transaction } from "@topdog/postgres/pool";

/** The table each consuming service copies into its first migration: which consumer has handled which event. */
export const processedEventMigrationSql = `create table processed_event (
  consumer text not null,
  event_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
`;

const deleteRows = 10_000;

/** Claims an event for a consumer in the transaction of its effect; false when an earlier delivery had the effect already. */
export async function claimEvent(trx: Transaction, durable: DurableDeclaration, eventId: string): Promise<boolean> {
  const row = { consumer: durable.name, event_id: eventId };
  const inserted = await trx("processed_event").insert(row).onConflict().ignore().returning("event_id");
  return inserted.length > 0;
}

/** Forgets the events that the bus can never deliver again: older than their stream keeps them, and dead letters after that. */
export async function forgetOldEvents(db: Database, durable: DurableDeclaration): Promise<void> {
  const ageOf = (name: string): number => streams.find((stream) => stream.name === name)?.maxAgeMs ?? 0;
  const keepSeconds = (ageOf(durable.stream) + ageOf(deadLetterStream)) / 1000;
  await db.raw(
    `delete from processed_event where ctid = any(array(select ctid from processed_event
      where consumer = ? and processed_at < now() - make_interval(secs => ?) limit ${deleteRows}))`,
    [durable.name, keepSeconds],
  );
}
