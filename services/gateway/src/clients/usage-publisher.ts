import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { type EventBatch, type ReadyEvent, readyEvent, splitIntoBatches } from "@topdog/messaging/event-batch";

export interface UsagePublisher {
  /** Queues a usage record; never waits, never throws. */
  publish(usage: UsageConsumed): void;
  queued(): number;
  /** Goes on for `graceMs` at most, then drops what is left. */
  stop(graceMs: number): Promise<void>;
}

export interface UsagePublisherDeps {
  /** Resolves when the bus has stored the batch. */
  readonly send: (batch: EventBatch) => Promise<void>;
  readonly maxBatchBytes: () => number;
  readonly maxQueued: number;
  readonly onOutcome: (outcome: "published" | "retried" | "dropped", records: number, error?: unknown) => void;
}

const maxBatchRecords = 256;
const retryMs = 250;

/**
 * Publishes the usage of calls that no router answered for: one batch after the other, each of what has gathered meanwhile. While
 * the bus is away records wait here, up to `maxQueued`; beyond that the newest are dropped and counted: their tokens then stay
 * charged, a gap that the ledger shows.
 */
export function createUsagePublisher(deps: UsagePublisherDeps): UsagePublisher {
  const waiting: ReadyEvent[] = [];
  const stopping = Promise.withResolvers<void>();
  let sending = 0;
  let isSending = false;
  const state = { isStopped: false };
  let emptied = Promise.resolve();

  const size = (): number => waiting.length + sending;

  async function send(): Promise<void> {
    isSending = true;
    while (waiting.length > 0 && !state.isStopped) {
      const [batch] = splitIntoBatches(waiting.slice(0, maxBatchRecords), {
        maxEvents: maxBatchRecords,
        maxBytes: deps.maxBatchBytes(),
      });
      if (batch === undefined) break;
      waiting.splice(0, batch.events.length);
      sending = batch.events.length;
      await sendUntilStored(batch);
    }
    isSending = false;
  }

  async function sendUntilStored(batch: EventBatch): Promise<void> {
    while (!state.isStopped) {
      try {
        await deps.send(batch);
        deps.onOutcome("published", sending);
        sending = 0;
        return;
      } catch (error) {
        deps.onOutcome("retried", sending, error);
        await pause();
      }
    }
  }

  async function pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const later = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, retryMs);
    });
    await Promise.race([later, stopping.promise]);
    clearTimeout(timer);
  }

  function queue(usage: UsageConsumed): void {
    const { finishedAt: time, traceparent } = usage;
    waiting.push(readyEvent(usageConsumed, usage, { id: usageIdOf(usage), time, traceparent }));
    if (!isSending) emptied = send();
  }

  return {
    publish: (usage) => {
      if (size() >= deps.maxQueued) return deps.onOutcome("dropped", 1);
      try {
        queue(usage);
      } catch (error) {
        deps.onOutcome("dropped", 1, error);
      }
    },
    queued: size,
    stop: async (graceMs) => {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([emptied, deadline]);
      clearTimeout(timer);
      state.isStopped = true;
      stopping.resolve();
      if (size() > 0) deps.onOutcome("dropped", size());
    },
  };
}
