import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Frame } from "./frame.ts";
import { readFrames } from "./segment-reader.ts";
import { listSegments, type Segment, segmentPath } from "./segment.ts";

export interface ShippedOptions {
  readonly spoolFolder: string;
  readonly nowMs: () => number;
  /** How long a segment stays after everything in it was acknowledged; 0 keeps none. */
  readonly keepMs: number;
  /** Of all of them together; beyond it the oldest goes first. */
  readonly keepBytes: number;
}

/** Segments whose records the bus has: kept for a while, in case the bus loses them. */
export interface ShippedSegments {
  /** Takes over a segment's file. Throws the system's error. */
  keep(segment: Segment): void;
  /** Deletes what is too old or too much. */
  forget(): void;
  /** The disk is full: deletes all of them. */
  clear(): void;
}

const folderOf = (spoolFolder: string): string => join(spoolFolder, "shipped");
const pattern = /^(\d+)-\d+\.shipped$/;

/** Oldest first. */
function listShipped(spoolFolder: string): { readonly path: string; readonly shippedMs: number }[] {
  return readdirSync(folderOf(spoolFolder))
    .flatMap((name) => {
      const shippedMs = pattern.exec(name)?.[1];
      return shippedMs === undefined ? [] : [{ path: join(folderOf(spoolFolder), name), shippedMs: Number(shippedMs) }];
    })
    .toSorted((a, b) => a.shippedMs - b.shippedMs);
}

export function openShippedSegments(options: ShippedOptions): ShippedSegments {
  const { spoolFolder, nowMs, keepMs, keepBytes } = options;
  mkdirSync(folderOf(spoolFolder), { recursive: true, mode: 0o700 });
  return {
    keep(segment) {
      closeSync(segment.fd);
      if (keepMs === 0) return rmSync(segment.path, { force: true });
      const name = `${String(nowMs()).padStart(15, "0")}-${segment.index}.shipped`;
      renameSync(segment.path, join(folderOf(spoolFolder), name));
    },
    forget() {
      const files = listShipped(spoolFolder).map((file) => ({ ...file, bytes: statSync(file.path).size }));
      let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      for (const file of files) {
        if (file.shippedMs > nowMs() - keepMs && bytes <= keepBytes) return;
        rmSync(file.path, { force: true });
        bytes -= file.bytes;
      }
    },
    clear() {
      for (const { path } of listShipped(spoolFolder)) rmSync(path, { force: true });
    },
  };
}

/** Of a file that may grow meanwhile, or be gone. */
async function* framesOf(path: string): AsyncGenerator<readonly Frame[]> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    for (let offset = 0; offset < size;) {
      const { frames, nextOffset, torn } = await readFrames(fd, offset, size);
      yield frames;
      if (torn) break;
      offset = nextOffset;
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * The frames that the bus may have been given at `sinceMs` (Unix time) or later: those of segments that are in use, a router's own while it
 * runs, of which nobody knows how much was shipped; then those that are kept, oldest first. A segment that is put aside meanwhile is in both or in the second.
 */
export async function* readGiven(spoolFolder: string, sinceMs: number): AsyncGenerator<readonly Frame[]> {
  for (const index of listSegments(spoolFolder)) yield* framesOf(segmentPath(spoolFolder, index));
  for (const { path, shippedMs } of listShipped(spoolFolder)) if (shippedMs >= sinceMs) yield* framesOf(path);
}
