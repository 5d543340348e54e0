import { randomUUID } from "node:crypto";
import type { EventDefinition } from "@topdog/contracts/event";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { afterCommit } from "@topdog/postgres/transaction";
import { activeTraceparent } from "@topdog/telemetry/tracing";
import { encodePayload } from "./envelope.ts";

/**
 * The table each publishing service copies into its first migration. A sent flag and not a cursor: sequence numbers are not
 * given in commit order, so a cursor would skip rows.
 */
export const outboxMigrationSql = `create table outbox (
  seq bigint generated always as identity primary key,
  id text not null unique,
  subject text not null,
  payload text not null,
  traceparent text,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_unsent on outbox (seq) where sent_at is null;
create index outbox_sent_at on outbox (sent_at) where sent_at is not null;
`;

export interface AppendOptions {
  /** The event's id; a random one when absent. */
  readonly id?: string;
  readonly traceparent?: string | undefined;
}

const committedEvent = "topdog:outbox";

const announceCommit = (db: Database): void => void db.emit(committedEvent);

/** Calls back after each commit, in this process and through this pool, that appended. Returns how to stop. */
export function onOutboxCommit(db: Database, callback: () => void): () => void {
  db.on(committedEvent, callback);
  return () => void db.off(committedEvent, callback);
}

/**
 * Writes an event in the transaction of the fact it tells (one of `inTransaction`); the relay of the same pool publishes it within
 * milliseconds of the commit, any other relay at its next poll. Returns the event's id.
 */
export async function appendOutbox<T>(
  trx: Transaction,
  event: EventDefinition<T>,
  payload: T,
  options: AppendOptions = {},
): Promise<string> {
  const id = options.id ?? randomUUID();
  await trx("outbox").insert({
    id,
    subject: event.subject,
    payload: new TextDecoder().decode(encodePayload(event, payload)),
    traceparent: options.traceparent ?? activeTraceparent() ?? null,
  });
  afterCommit(trx, announceCommit);
  return id;
}
