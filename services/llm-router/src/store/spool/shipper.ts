import { type EventBatch, splitIntoBatches } from "@topdog/messaging/event-batch";
import { type OnUnfit, readyUsage } from "./ready-usage.ts";
import { readFrames } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";

const maxBatchRecords = 512;
/** Unread spool of this size, about a hundred calls, is sent as a batch without waiting longer. */
const fullBatchBytes = 128 * 1024;
const retryDelayMs = { first: 50, most: 2000 };

export interface ShipperDeps {
  readonly segments: readonly Segment[];
  /** Resolves when the bus has stored the batch. */
  readonly publish: (batch: EventBatch) => Promise<void>;
  readonly maxBatchBytes: () => number;
  /** True for a batch that no retry can make acceptable. */
  readonly isHopeless: (error: unknown) => boolean;
  /** How long the first record of a batch waits for more. */
  readonly gatherMs: number;
  onShipped(records: number): void;
  /** Takes a record that cannot be published; when that throws, it stays here and is tried again. */
  readonly onUnfit: OnUnfit;
  /** The disk failed while records were read or put aside; it is tried again. */
  onFailure(error: unknown): void;
  /** A segment may have become deletable. */
  onProgress(): void;
}

export interface Shipper {
  start(): void;
  /** Tells that more of the spool is durable. */
  readonly notice: () => void;
  /** Ships what is durable now, at most until `deadlineMs` from now; then stops. */
  stop(deadlineMs: number): Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads the spool in order and publishes its finals in batches until the bus has acknowledged them. Without work it has no timer. */
export function createShipper(deps: ShipperDeps): Shipper {
  const now: { state: "running" | "draining" | "stopped" } = { state: "running" };
  let loop: Promise<void> = Promise.resolve();
  let gathering: { readonly end: () => void; timer: NodeJS.Timeout | undefined } | null = null;

  const unreadBytes = (): number =>
    deps.segments.reduce((sum, { durableBytes, readBytes }) => sum + durableBytes - readBytes, 0);

  /** Resolves when a batch is full, or when its first record has waited long enough. */
  const gather = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(gathering?.timer);
        gathering = null;
        resolve();
      };
      gathering = { end, timer: undefined };
      notice();
    });

  function notice(): void {
    if (gathering === null) return;
    const bytes = unreadBytes();
    if (bytes >= fullBatchBytes || now.state !== "running") gathering.end();
    else if (bytes > 0) gathering.timer ??= setTimeout(gathering.end, deps.gatherMs);
  }

  async function ship(batch: EventBatch, segment: Segment): Promise<void> {
    let delayMs = retryDelayMs.first;
    while (now.state !== "stopped") {
      try {
        await deps.publish(batch);
        deps.onShipped(batch.events.length);
        segment.unshipped -= batch.events.length;
        return;
      } catch (error) {
        if (deps.isHopeless(error)) {
          for (const { id, json } of batch.events) deps.onUnfit(id, json, error);
          segment.unshipped -= batch.events.length;
          return;
        }
        await sleep(delayMs);
        delayMs = Math.min(delayMs * 2, retryDelayMs.most);
      }
    }
  }

  /** A part of the oldest segment that has unread bytes; false when all is read. */
  async function shipNext(): Promise<boolean> {
    const segment = deps.segments.find((one) => one.readBytes < one.durableBytes);
    if (segment === undefined) return false;
    const { frames, nextOffset, torn } = await readFrames(segment.fd, segment.readBytes, segment.durableBytes);
    const ready = readyUsage(frames, segment, deps.onUnfit);
    segment.unshipped += ready.length;
    segment.readBytes = torn ? segment.durableBytes : nextOffset;
    const bounds = { maxEvents: maxBatchRecords, maxBytes: deps.maxBatchBytes() };
    for (const batch of splitIntoBatches(ready, bounds)) await ship(batch, segment);
    deps.onProgress();
    return true;
  }

  async function run(): Promise<void> {
    while (now.state !== "stopped") {
      const hasShipped = await shipNext().catch((error: unknown) => deps.onFailure(error));
      if (hasShipped === undefined) {
        if (now.state === "draining") return;
        await sleep(retryDelayMs.most);
        continue;
      }
      if (now.state === "draining" && !hasShipped) return;
      if (now.state === "running") await gather();
    }
  }

  return {
    start() {
      loop = run();
    },
    notice,
    async stop(deadlineMs) {
      now.state = "draining";
      notice();
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
