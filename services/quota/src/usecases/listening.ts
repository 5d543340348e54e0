/** Since when messages of gateways could arrive without a break: only then does a gateway's silence prove anything. */
export interface Listening {
  /** A gateway's message may have been lost until now: the bus or the database was away. */
  interrupted(): void;
  sinceMs(): number;
}

/** `nowMs` is a monotonic clock. */
export function createListening(nowMs: () => number): Listening {
  let startedMs = nowMs();
  return {
    interrupted: () => {
      startedMs = nowMs();
    },
    sinceMs: () => nowMs() - startedMs,
  };
}
