import type { ServerSign } from "../store/server-started.ts";

/**
 * Since when a gateway's silence proves anything: messages could arrive, the database could note them, and neither was its clock moved nor its server
 * started. It must be confirmed each second: a process that stood still has heard nothing meanwhile.
 */
export interface Listening {
  /** A gateway's message may have been lost until now: the bus or the database was away. */
  interrupted(): void;
  /**
   * The database answered just now. False when its clock was moved since it was last read: by it every gateway may seem to have been silent for long,
   * or to be heard in the future; or when its server was started: it may have been restored, and have forgotten when gateways were heard.
   */
  confirmed(sign: ServerSign): boolean;
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
  let started: string | null = null;

  function noteGap(): void {
    if (nowMs() - confirmedMs > maxGapMs) startedMs = nowMs();
  }

  return {
    interrupted: () => {
      startedMs = nowMs();
    },
    confirmed: (sign) => {
      noteGap();
      confirmedMs = nowMs();
      const isMoved = offsetMs !== null && Math.abs(sign.nowMs - confirmedMs - offsetMs) > movedMs;
      const isRestarted = started !== null && sign.serverStarted !== started;
      offsetMs = sign.nowMs - confirmedMs;
      started = sign.serverStarted;
      if (isMoved || isRestarted) startedMs = confirmedMs;
      return !isMoved && !isRestarted;
    },
    sinceMs: () => {
      noteGap();
      return nowMs() - startedMs;
    },
  };
}
