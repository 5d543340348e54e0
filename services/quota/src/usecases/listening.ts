/**
 * Since when a gateway's silence proves anything: messages could arrive, the database could note them, and its clock was not moved. It must
 * be confirmed each second: a process that stood still has heard nothing meanwhile.
 */
export interface Listening {
  /** A gateway's message may have been lost until now: the bus or the database was away. */
  interrupted(): void;
  /**
   * The database answered just now, and this was its time, Unix milliseconds. False when its clock was moved since it was last read: by it every
   * gateway may seem to have been silent for long, or to be heard in the future.
   */
  confirmed(databaseNowMs: number): boolean;
  sinceMs(): number;
}

const maxGapMs = 3_000;
/** An answer may be late by so much; no clock that is kept in step is moved by more. */
const movedMs = 1_000;

/** `nowMs` is a monotonic clock. */
export function createListening(nowMs: () => number): Listening {
  let startedMs = nowMs();
  let confirmedMs = startedMs;
  let offsetMs: number | null = null;

  function noteGap(): void {
    if (nowMs() - confirmedMs > maxGapMs) startedMs = nowMs();
  }

  return {
    interrupted: () => {
      startedMs = nowMs();
    },
    confirmed: (databaseNowMs) => {
      noteGap();
      confirmedMs = nowMs();
      const isMoved = offsetMs !== null && Math.abs(databaseNowMs - confirmedMs - offsetMs) > movedMs;
      offsetMs = databaseNowMs - confirmedMs;
      if (isMoved) startedMs = confirmedMs;
      return !isMoved;
    },
    sinceMs: () => {
      noteGap();
      return nowMs() - startedMs;
    },
  };
}
