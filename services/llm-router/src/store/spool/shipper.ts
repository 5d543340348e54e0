import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { readRecords } from "./segment-reader.ts";
import { isShipped, type Segment } from "./segment.ts";

const maxInFlight = 256;
/** After a batch of at least so many the next one follows at once. */
const worthwhileBatch = 64;
const retryDelayMs = { first: 50, most: 2000 };

export interface ShipperDeps {
  readonly segments: readonly Segment[];
  /** Resolves when the bus has stored it. */
  readonly publish: (usage: UsageConsumed) => Promise<void>;
  /** True for a record that no retry can make acceptable. */
  readonly isHopeless: (error: unknown) => boolean;
  /** Between looks at the spool: a longer time makes larger, cheaper batches. */
  readonly intervalMs: number;
  onShipped(): void;
  onDropped(usage: UsageConsumed, error: unknown): void;
  /** A segment may have become deletable. */
  onProgress(): void;
}

export interface Shipper {
  start(): void;
  /** Ships what is durable now, at most until `deadlineMs` from now; then stops. */
  stop(deadlineMs: number): Promise<void>;
}

/** Reads the spool in order and publishes every final until the bus has acknowledged it. */
export function createShipper(deps: ShipperDeps): Shipper {
  const now: { state: "running" | "draining" | "stopped" } = { state: "running" };
  let loop: Promise<void> = Promise.resolve();
  let wake: () => void = () => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function ship(usage: UsageConsumed, segment: Segment): Promise<void> {
    let delayMs = retryDelayMs.first;
    while (now.state !== "stopped") {
      try {
        await deps.publish(usage);
        deps.onShipped();
        segment.unshipped -= 1;
        return;
      } catch (error) {
        if (deps.isHopeless(error)) {
          deps.onDropped(usage, error);
          segment.unshipped -= 1;
          return;
        }
        await pauseFor(delayMs);
        delayMs = Math.min(delayMs * 2, retryDelayMs.most);
      }
    }
  }

  /** Not woken by `wake`: only the main loop is. */
  const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  /** One batch from the oldest segment that has unread bytes; resolves to its number of finals, null for no bytes. */
  async function shipNext(): Promise<number | null> {
    const segment = deps.segments.find((one) => one.readBytes < one.durableBytes);
    if (segment === undefined) return null;
    const batch = await readRecords(segment.fd, segment.readBytes, segment.durableBytes);
    const finals = batch.records.flatMap((record) => (record.kind === "final" ? [record.usage] : []));
    segment.unshipped += finals.length;
    segment.readBytes = batch.torn ? segment.durableBytes : batch.nextOffset;
    for (let i = 0; i < finals.length; i += maxInFlight) {
      await Promise.all(finals.slice(i, i + maxInFlight).map((usage) => ship(usage, segment)));
    }
    if (isShipped(segment)) deps.onProgress();
    return finals.length;
  }

  async function run(): Promise<void> {
    while (now.state !== "stopped") {
      const shipped = await shipNext();
      if (now.state === "draining" && shipped === null) return;
      if (now.state === "running" && (shipped ?? 0) < worthwhileBatch) await pause(deps.intervalMs);
    }
  }

  return {
    start() {
      loop = run();
    },
    async stop(deadlineMs) {
      now.state = "draining";
      wake();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([loop, deadline]);
      clearTimeout(timer);
      now.state = "stopped";
    },
  };
}
