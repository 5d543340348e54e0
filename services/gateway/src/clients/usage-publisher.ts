import { usageIdOf, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";

export interface UsagePublisher {
  /** Queues a usage record; never waits, never throws. */
  publish(usage: UsageConsumed): void;
  queued(): number;
  /** Goes on for `graceMs` at most, then drops what is left. */
  stop(graceMs: number): Promise<void>;
}

export interface UsagePublisherDeps {
  /** Resolves when the bus has stored it. */
  readonly send: (usage: UsageConsumed, id: string) => Promise<void>;
  readonly maxQueued: number;
  readonly onOutcome: (outcome: "published" | "retried" | "dropped", error?: unknown) => void;
}

const maxInFlight = 16;
const retryMs = 250;

/**
 * Publishes the usage of calls that no router answered for. While the bus is away records wait here, up to `maxQueued`;
 * beyond that the newest are dropped and counted: their tokens then stay charged, a gap that the ledger shows.
 */
export function createUsagePublisher(deps: UsagePublisherDeps): UsagePublisher {
  const waiting: UsageConsumed[] = [];
  const retryTimers = new Set<NodeJS.Timeout>();
  let inFlight = 0;
  let isStopped = false;

  const size = (): number => waiting.length + inFlight + retryTimers.size;

  function pump(): void {
    while (inFlight < maxInFlight) {
      const usage = waiting.shift();
      if (usage === undefined) return;
      void deliver(usage);
    }
  }

  async function deliver(usage: UsageConsumed): Promise<void> {
    inFlight += 1;
    try {
      await deps.send(usage, usageIdOf(usage));
      deps.onOutcome("published");
    } catch (error) {
      deps.onOutcome("retried", error);
      retryLater(usage);
    } finally {
      inFlight -= 1;
    }
    pump();
  }

  function retryLater(usage: UsageConsumed): void {
    if (isStopped) return;
    const timer = setTimeout(() => {
      retryTimers.delete(timer);
      waiting.push(usage);
      pump();
    }, retryMs);
    retryTimers.add(timer);
  }

  return {
    publish: (usage) => {
      if (size() >= deps.maxQueued) return deps.onOutcome("dropped");
      waiting.push(usage);
      pump();
    },
    queued: size,
    stop: async (graceMs) => {
      const endMs = performance.now() + graceMs;
      while (size() > 0 && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
      isStopped = true;
      for (const timer of retryTimers) clearTimeout(timer);
      for (let lost = size(); lost > 0; lost -= 1) deps.onOutcome("dropped");
    },
  };
}
