import { closeSync, fsyncSync, openSync } from "node:fs";
import { createGroupSync, type GroupSyncHooks } from "./group-sync.ts";
import { createDiskReserve } from "./reserve.ts";
import { appendTo, createSegment, isShipped, type Segment } from "./segment.ts";
import type { ShippedSegments } from "./shipped-segments.ts";

export interface SpoolLogDeps {
  readonly folder: string;
  readonly segmentBytes: number;
  /** Of an earlier process, oldest first. */
  readonly recovered: readonly Segment[];
  readonly nextIndex: number;
  /** Takes what nothing needs any more. */
  readonly shipped: ShippedSegments;
  readonly onSync: GroupSyncHooks["onSync"];
  readonly onFailure: (error: unknown) => void;
}

/** The segments as one append-only log with group fdatasync. Knows frames, not what they mean. */
export interface SpoolLog {
  /** Oldest first; the last one takes the appends. */
  readonly segments: readonly Segment[];
  /** Bytes of all segments. */
  bytes(): number;
  /** False after a write or an fdatasync failed, until `repair` succeeds. */
  isHealthy(): boolean;
  /** Returns the segment that holds the frame. Throws the system's error. */
  append(frame: Buffer): Segment;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  /** Nothing more is appended: for a log that is about to be closed. */
  seal(): void;
  /** Puts the oldest segments that nothing needs aside, in order: a final never goes before its intent. */
  trim(): void;
  /** Tries a new segment after a failure; true when the disk takes writes again. */
  repair(): boolean;
  close(): void;
}

export function openSpoolLog(deps: SpoolLogDeps): SpoolLog {
  const { folder } = deps;
  const segments: Segment[] = [...deps.recovered];
  const reserve = createDiskReserve(folder);
  let nextIndex = deps.nextIndex;
  let healthy = true;

  const fail = (error: unknown): void => {
    if (healthy) deps.onFailure(error);
    healthy = false;
  };

  const sync = createGroupSync({
    onSync: deps.onSync,
    onFailure(segment, error) {
      segment.failed = true;
      segment.sealed = true;
      fail(error);
    },
  });

  /** A new file's name is durable only when its folder is. */
  function syncFolder(): void {
    const fd = openSync(folder, "r");
    fsyncSync(fd);
    closeSync(fd);
  }

  function roll(): Segment {
    const segment = createSegment(folder, nextIndex);
    nextIndex += 1;
    syncFolder();
    const last = segments.at(-1);
    if (last !== undefined) last.sealed = true;
    segments.push(segment);
    return segment;
  }

  function activeSegment(): Segment {
    const last = segments.at(-1);
    if (last !== undefined && !last.sealed && last.bytes < deps.segmentBytes) return last;
    const next = roll();
    // What the sealed one still holds in memory must become durable without a call of `sync`.
    sync.flush().catch(() => undefined);
    return next;
  }

  reserve.refill();
  roll();

  return {
    segments,
    bytes: () => segments.reduce((sum, segment) => sum + segment.bytes, 0),
    isHealthy: () => healthy,
    append(frame) {
      for (;;) {
        try {
          const segment = activeSegment();
          appendTo(segment, frame);
          sync.touch(segment);
          return segment;
        } catch (error) {
          fail(error);
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          deps.shipped.clear();
          if (!reserve.release()) throw error;
        }
      }
    },
    flush: () => sync.flush(),
    seal() {
      for (const segment of segments) segment.sealed = true;
    },
    trim() {
      for (;;) {
        const [oldest] = segments;
        if (oldest === undefined || oldest.openCalls > 0 || !isShipped(oldest)) return;
        segments.shift();
        deps.shipped.keep(oldest);
        deps.shipped.forget();
      }
    },
    repair() {
      try {
        reserve.refill();
        roll();
        healthy = true;
      } catch (error) {
        fail(error);
      }
      return healthy;
    },
    close() {
      for (const segment of segments) closeSync(segment.fd);
      reserve.close();
    },
  };
}
