/** Since when gateways could be heard without a break: a gateway's silence proves something only if it could have been heard. */
export interface Listening {
  /** Something a gateway said may have been lost until now: the bus or the database was away. */
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
