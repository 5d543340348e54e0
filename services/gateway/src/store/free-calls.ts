import { LRUCache } from "lru-cache";

/** What a key has left of the calls that cost nothing. */
export interface FreeAllowance {
  readonly isAllowed: boolean;
  /** In a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again. */
  readonly resetSeconds: number;
  /** Until the next call. */
  readonly waitSeconds: number;
}

/** Bounds each key's free calls in this process. */
export interface FreeCalls {
  take(keyId: string): FreeAllowance;
}

export interface FreeCallsOptions {
  /** Free calls that a key may make at once, and in each minute from then on. */
  readonly perMinute: number;
  readonly maxKeys: number;
  readonly monotonicMs: () => number;
}

const minuteMs = 60_000;
const minuteSeconds = 60;

/** A token bucket for each key that was used lately: the memory is bounded, and a key that is forgotten starts with a full one. */
export function createFreeCalls({ perMinute, maxKeys, monotonicMs }: FreeCallsOptions): FreeCalls {
  const buckets = new LRUCache<string, { left: number; atMs: number }>({ max: maxKeys });
  const secondsFor = (tokens: number): number => Math.ceil((tokens * minuteSeconds) / perMinute);
  return {
    take: (keyId) => {
      const nowMs = monotonicMs();
      const bucket = buckets.get(keyId) ?? { left: perMinute, atMs: nowMs };
      bucket.left = Math.min(perMinute, bucket.left + ((nowMs - bucket.atMs) * perMinute) / minuteMs);
      bucket.atMs = nowMs;
      const isAllowed = bucket.left >= 1;
      if (isAllowed) bucket.left -= 1;
      buckets.set(keyId, bucket);
      return {
        isAllowed,
        limit: perMinute,
        remaining: Math.floor(bucket.left),
        resetSeconds: secondsFor(perMinute - bucket.left),
        waitSeconds: secondsFor(Math.max(0, 1 - bucket.left)),
      };
    },
  };
}
