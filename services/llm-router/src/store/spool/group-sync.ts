import { fdatasync } from "node:fs";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import type { Segment } from "./segment.ts";

const syncFile = promisify(fdatasync);

export interface GroupSync {
  /** Tells that a segment has new bytes. */
  touch(segment: Segment): void;
  /** Resolves when everything written before the call is on disk; callers of one moment share one fdatasync. */
  flush(): Promise<void>;
}

export interface GroupSyncHooks {
  onSync(durationMs: number): void;
  /** Bytes of the segment that were not durable yet may never be. */
  onFailure(segment: Segment, error: unknown): void;
}

export function createGroupSync(hooks: GroupSyncHooks): GroupSync {
  const dirty = new Set<Segment>();
  /** The group that still takes writes: its fdatasync has not begun. */
  let gathering: Promise<void> | null = null;
  let syncing: Promise<void> | null = null;

  /** After a failure the kernel may have dropped the pages: what was not durable by then is never claimed to be. */
  async function syncSegment(segment: Segment): Promise<Error | null> {
    const { bytes } = segment;
    try {
      await syncFile(segment.fd);
      segment.durableBytes = Math.max(segment.durableBytes, bytes);
      return null;
    } catch (error) {
      hooks.onFailure(segment, error);
      return error as Error;
    }
  }

  async function syncGroup(): Promise<void> {
    syncing = gathering;
    gathering = null;
    const segments = [...dirty];
    dirty.clear();
    const startedMs = performance.now();
    const failures: Error[] = [];
    for (const segment of segments) {
      const failure = await syncSegment(segment);
      if (failure !== null) failures.push(failure);
    }
    syncing = null;
    hooks.onSync(performance.now() - startedMs);
    if (failures[0] !== undefined) throw failures[0];
  }

  const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  return {
    touch: (segment) => void dirty.add(segment),
    flush() {
      if (dirty.size === 0) return syncing ?? Promise.resolve();
      gathering ??= (syncing?.catch(() => undefined) ?? nextTick()).then(syncGroup);
      return gathering;
    },
  };
}
