import { listen } from "@topdog/postgres/listen";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Bus } from "./connect.ts";
import { envelopeHeaders } from "./envelope.ts";
import type { MessagingLogger } from "./logger.ts";
import type { MessagingMetrics } from "./metrics.ts";
import { outboxChannel } from "./outbox.ts";
import { createWakeup } from "./wakeup.ts";

export interface RelayOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: MessagingLogger;
  readonly metrics?: MessagingMetrics | undefined;
  /** Between two looks that no commit asked for, 2 s when absent: for rows that another relay left when it died. */
  readonly idlePollMs?: number;
}

export interface Relay {
  start(): void;
  /** Ends after the running batch. */
  stop(): Promise<void>;
}

interface OutboxRow {
  readonly seq: string;
  readonly id: string;
  readonly subject: string;
  readonly payload: string;
  readonly traceparent: string | null;
  readonly created_at: Date;
}

const batchRows = 100;
const standardIdlePollMs = 2_000;
const errorBackoffMs = 1_000;
const maxErrorBackoffMs = 2_000;
const publishTimeoutMs = 750;
const cleanRows = 5_000;
const measureIntervalMs = 1_000;

const claimSql = `select seq, id, subject, payload, traceparent, created_at from outbox
  where sent_at is null order by seq limit ${batchRows} for update skip locked`;
const oldestSql = "select created_at from outbox where sent_at is null order by seq limit 1";
const cleanSql = `delete from outbox where seq in
  (select seq from outbox where sent_at < now() - make_interval(secs => ?) order by sent_at limit ${cleanRows})`;

/**
 * Moves committed outbox rows to JetStream: at least once, and once within the bus's duplicate window. Any number of relays may
 * run over one table. Rows that were not stored stay unsent and are tried again, for ever.
 */
export function createRelay(options: RelayOptions): Relay {
  const wakeup = createWakeup();
  const state = { stopping: false, measureAtMs: 0 };
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running ??= run(options, state, wakeup);
    },
    stop: async () => {
      state.stopping = true;
      wakeup.wake();
      await running;
    },
  };
}

interface RelayState {
  stopping: boolean;
  measureAtMs: number;
}

async function run(options: RelayOptions, state: RelayState, wakeup: ReturnType<typeof createWakeup>): Promise<void> {
  const { db, bus, logger, idlePollMs = standardIdlePollMs } = options;
  const forgetBus = bus.onReconnect(() => wakeup.wake());
  const onLost = (error: unknown): void => logger.warn({ err: error }, "commits are not heard of; trying again");
  const stopListening = listen({ db, channel: outboxChannel, onNotified: () => wakeup.wake(), onLost });
  let backoffMs = errorBackoffMs;
  let heardOfRows = true;
  while (!state.stopping) {
    try {
      const sent: number = bus.isConnected()
        ? await relayBatch(options, heardOfRows)
        : await measureBacklog(options, state);
      backoffMs = errorBackoffMs;
      heardOfRows = sent === 0 ? await wakeup.wait(idlePollMs) : sent === batchRows;
    } catch (error) {
      options.metrics?.outboxFailures.inc();
      logger.warn({ err: error }, "outbox relay failed and will retry");
      await wakeup.wait(backoffMs * (0.5 + Math.random() / 2));
      backoffMs = Math.min(backoffMs * 2, maxErrorBackoffMs);
    }
  }
  forgetBus();
  await stopListening();
}

/** Publishes one batch and returns how many rows it marked. An idle relay looks before it opens a transaction: a third of the cost. */
async function relayBatch({ db, bus, metrics }: RelayOptions, heardOfRows: boolean): Promise<number> {
  if (!heardOfRows && !(await hasUnsent(db, metrics))) return 0;
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: OutboxRow[] }>(claimSql);
    setOldest(metrics, rows[0]);
    if (rows.length === 0) return 0;
    const results = await Promise.allSettled(rows.map((row) => publishRow(bus, row)));
    const sent = rows.filter((_, index) => results[index]?.status === "fulfilled");
    await markSent(trx, sent);
    metrics?.outboxSent.inc(sent.length);
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined && sent.length === 0) throw failure.reason;
    return sent.length;
  });
}

/** While the bus is away nothing is sent, but how far the relay is behind must still be seen. */
async function measureBacklog({ db, metrics }: RelayOptions, state: RelayState): Promise<0> {
  if (performance.now() < state.measureAtMs) return 0;
  state.measureAtMs = performance.now() + measureIntervalMs;
  await hasUnsent(db, metrics);
  return 0;
}

async function hasUnsent(db: Database, metrics: MessagingMetrics | undefined): Promise<boolean> {
  const { rows } = await db.raw<{ rows: Pick<OutboxRow, "created_at">[] }>(oldestSql);
  setOldest(metrics, rows[0]);
  return rows[0] !== undefined;
}

function setOldest(metrics: MessagingMetrics | undefined, oldest: Pick<OutboxRow, "created_at"> | undefined): void {
  metrics?.outboxOldestSeconds.set(
    oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.created_at.getTime()) / 1000,
  );
}

async function publishRow(bus: Bus, row: OutboxRow): Promise<void> {
  const headers = envelopeHeaders({
    id: row.id,
    type: row.subject,
    source: bus.name,
    time: row.created_at,
    traceparent: row.traceparent ?? undefined,
  });
  await bus.js.publish(row.subject, row.payload, { msgID: row.id, headers, timeout: publishTimeoutMs });
}

async function markSent(trx: Transaction, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await trx.raw("update outbox set sent_at = now() where seq = any(?::bigint[])", [rows.map((row) => row.seq)]);
}

/** Deletes rows that were sent longer ago than `keepMs`, a bounded number at a time. */
export async function deleteSentEvents(db: Database, keepMs: number): Promise<void> {
  await db.raw(cleanSql, [keepMs / 1000]);
}
