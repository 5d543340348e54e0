import { randomUUID } from "node:crypto";
import type { EventDefinition } from "@topdog/contracts/event";
import type { Transaction } from "@topdog/postgres/pool";
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

/** Each commit that appended notifies it, whichever process commits: relays listen there. */
export const outboxChannel = "topdog_outbox";

/**
 * Writes an event in the transaction of the fact it tells (one of `inTransaction`); the relays of this database hear of the
 * commit, and one publishes it within milliseconds. Returns the event's id.
 */
export async function appendOutbox<T>(
  trx: Transaction,
  event: EventDefinition<T>,
  payload: T,
  options: AppendOptions = {},
): Promise<string> {
  const id = options.id ?? randomUUID();
  await trx("outbox")
    .insert({
      id,
      subject: event.subject,
      payload: new TextDecoder().decode(encodePayload(event, payload)),
      traceparent: options.traceparent ?? activeTraceparent() ?? null,
    })
    .returning(trx.raw("pg_notify(?, '')", [outboxChannel]));
  return id;
}
