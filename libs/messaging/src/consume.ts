import type { JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";
import type { EventDefinition } from "@topdog/contracts/event";
import type { DurableDeclaration } from "@topdog/contracts/topology";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { inSpan } from "@topdog/telemetry/tracing";
import type { Bus } from "./connect.ts";
import { decodeEvent, type EventMeta } from "./envelope.ts";
import type { MessagingLogger } from "./logger.ts";
import type { MessagingMetrics } from "./metrics.ts";
import { claimEvent } from "./processed-events.ts";
import { createPullLoop } from "./pull-loop.ts";
import { accept, metaOf, retryOrBury } from "./settle.ts";
import { unreadable } from "./impossible-event.ts";
import { whileAway } from "./while-away.ts";

export { processedEventMigrationSql } from "./processed-events.ts";

/** A dead letter, as it is stored. */
export interface StoredLetter {
  readonly body: string;
  readonly headers: MsgHdrs;
  /** Of the event that it was. */
  readonly meta: EventMeta;
}

export interface Consumer {
  readonly durable: DurableDeclaration;
  /** Handles an event that was given up before, beside those that are delivered. Throws what its handler throws; false: it had its effect before. */
  replay(letter: StoredLetter): Promise<boolean>;
  start(): void;
  /** Finishes what is in hand and gives the rest back to the bus. */
  stop(): Promise<void>;
}

export interface ConsumerOptions<T> {
  readonly bus: Bus;
  readonly db: Database;
  readonly durable: DurableDeclaration;
  readonly event: EventDefinition<T>;
  /** May run more than once for an event, and commits at most once: everything it does goes through `trx`. */
  readonly handle: (trx: Transaction, payload: T, meta: EventMeta) => Promise<void>;
  readonly logger: MessagingLogger;
  readonly metrics?: MessagingMetrics | undefined;
  readonly backoffMs?: ((deliveryCount: number) => number) | undefined;
}

const pullMessages = 32;

/**
 * Handles each event of a durable with exactly one effect: the effect and the event's id are one transaction, and the ack
 * comes after the commit. While the database is away it waits; that costs an event none of its deliveries.
 */
export function createConsumer<T>(options: ConsumerOptions<T>): Consumer {
  const stopping = new AbortController();
  const loop = createPullLoop({
    ...options,
    pullMessages,
    batchMessages: 1,
    batchWaitMs: 0,
    handle: async ([message], onWaiting) => {
      if (message !== undefined) await handleOne(options, message, stopping.signal, onWaiting);
    },
  });
  return {
    durable: options.durable,
    replay: async ({ body, headers, meta }) => {
      const decoded = decodeEvent(options.event, body, headers);
      if (!decoded.ok) throw unreadable(decoded);
      return applyOnce(options, decoded.payload, meta);
    },
    start: () => loop.start(),
    stop: async () => {
      stopping.abort();
      await loop.stop();
    },
  };
}

async function handleOne<T>(
  options: ConsumerOptions<T>,
  message: JsMsg,
  stopping: AbortSignal,
  onWaiting: () => void,
): Promise<void> {
  const decoded = decodeEvent(options.event, message.string(), message.headers);
  if (!decoded.ok) return retryOrBury(options, message, unreadable(decoded));
  const meta = metaOf(message);
  const apply = (): Promise<boolean> =>
    inSpan(spanOf(options.durable), { kind: "consumer", parent: meta.traceparent }, () =>
      applyOnce(options, decoded.payload, meta),
    );
  try {
    const isAway = (): Promise<boolean> => isDatabaseAway(options.db);
    const fresh = await whileAway({ ...options, stopping, isAway, onWaiting }, apply);
    accept(options, message, fresh ? "ok" : "duplicate");
  } catch (error) {
    await retryOrBury(options, message, error);
  }
}

export const spanOf = (durable: DurableDeclaration): string => `${durable.name} handle`;

/** Returns false when an earlier delivery had the effect already. */
async function applyOnce<T>(options: ConsumerOptions<T>, payload: T, meta: EventMeta): Promise<boolean> {
  return inTransaction(options.db, async (trx) => {
    if (!(await claimEvent(trx, options.durable, meta.id))) return false;
    await options.handle(trx, payload, meta);
    return true;
  });
}

/** A handler may call other systems too, whose outages give the same errors. */
async function isDatabaseAway(db: Database): Promise<boolean> {
  return db.raw("select 1").then(
    () => false,
    () => true,
  );
}
