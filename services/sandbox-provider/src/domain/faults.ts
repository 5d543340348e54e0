import { z } from "zod";

const chunkIndex = z.int().min(0).max(10_000);

export const faultsSchema = z.strictObject({
  /** Waited before the status line. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** Answered instead of a completion. */
  status: z.int().min(400).max(599).optional(),
  /** Sent as `retry-after` with `status`. */
  retryAfterSeconds: z.int().min(0).max(3600).optional(),
  /** The socket is destroyed after so many chunks (of a plain answer: after half its body). */
  cutAfterChunks: chunkIndex.optional(),
  /** Nothing more is sent after so many chunks, and the socket stays open. */
  stallAfterChunks: chunkIndex.optional(),
  /** The chunk at this index is broken JSON. */
  malformedAtChunk: chunkIndex.optional(),
  /** Status 200, then an error event before any content. */
  errorEventAtStart: z.boolean().optional(),
  /** Share of calls that are hit. */
  ratio: z.number().min(0).max(1).default(1),
  /** Makes the share reproducible. */
  seed: z.int().default(1),
  /** Calls hit before the faults switch themselves off. */
  count: z.int().min(1).optional(),
});
export type Faults = z.infer<typeof faultsSchema>;

export const noFaults: Partial<Faults> = Object.freeze({});

export interface FaultPlan {
  set(faults: Faults | null): void;
  current(): Faults | null;
  /** The faults that hit the next call; `noFaults` for none. */
  next(): Partial<Faults>;
}

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function createFaultPlan(): FaultPlan {
  let faults: Faults | null = null;
  let left = Infinity;
  let random = seededRandom(1);
  return {
    set(next) {
      faults = next;
      left = next?.count ?? Infinity;
      random = seededRandom(next?.seed ?? 1);
    },
    current: () => faults,
    next() {
      if (faults === null || left <= 0 || random() >= faults.ratio) return noFaults;
      left -= 1;
      return faults;
    },
  };
}
