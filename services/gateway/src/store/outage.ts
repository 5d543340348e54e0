/** The state of an outage of quota: how long it lasts, when to try again, and with how large a message. */
export interface Outage {
  /** Milliseconds until the next message may leave; 0 or less: now. */
  waitMs(nowMs: number): number;
  maxBatch(): number;
  /** Returns true for the first failure of an outage. */
  noteFailure(nowMs: number, unanswered: number): boolean;
  noteAnswer(): void;
  /** The next message may leave at once, whatever happened before. */
  skipWait(): void;
  /** How long quota has not answered, in milliseconds; 0 while it does. */
  durationMs(nowMs: number): number;
}

const firstBackoffMs = 50;
const maxBackoffMs = 1_000;

export function createOutage(maxLeasesPerMessage: number): Outage {
  let batchLimit = maxLeasesPerMessage;
  let backoffMs = 0;
  let retryAtMs = 0;
  let failingSinceMs: number | null = null;
  return {
    waitMs: (nowMs) => retryAtMs - nowMs,
    maxBatch: () => batchLimit,
    noteFailure: (nowMs, unanswered) => {
      const isFirst = failingSinceMs === null;
      failingSinceMs ??= nowMs;
      backoffMs = Math.min(maxBackoffMs, Math.max(firstBackoffMs, backoffMs * 2));
      retryAtMs = nowMs + backoffMs;
      // The next message is smaller, so that one report that quota cannot handle does not block the others for ever.
      if (unanswered > 0) batchLimit = Math.max(1, Math.floor(Math.min(batchLimit, unanswered) / 2));
      return isFirst;
    },
    noteAnswer: () => {
      failingSinceMs = null;
      backoffMs = retryAtMs = 0;
      batchLimit = Math.min(maxLeasesPerMessage, batchLimit * 2);
    },
    skipWait: () => {
      retryAtMs = 0;
    },
    durationMs: (nowMs) => (failingSinceMs === null ? 0 : nowMs - failingSinceMs),
  };
}
