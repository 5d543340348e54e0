import type { Timers } from "../clients/timers.ts";
import type { PermitBook } from "./permit-book.ts";
import type { PermitEntry, PermitRefusal } from "./permit-entry.ts";

export interface PermitWaitingDeps {
  readonly book: PermitBook;
  readonly ask: (entry: PermitEntry) => void;
  readonly timers: Timers;
  readonly monotonicMs: () => number;
}

/** The calls that wait for a permit, in their order. */
export interface PermitWaiting {
  admit(entry: PermitEntry): void;
  /** After an answer that was not enough: asks again while others may give something back, then refuses. */
  goOn(entry: PermitEntry): void;
  /** Asks after a rest, if anybody waits by then. */
  askIn(entry: PermitEntry, delayMs: number): void;
  /** All that have waited since `untilMs` or longer. */
  refuse(entry: PermitEntry, refusal: PermitRefusal, untilMs: number): void;
}

/** What others do not use arrives within a few milliseconds: how long to wait before each next question. */
const retryDelaysMs = [10, 20, 40, 80, 120];
const refusedForMs = 100;

export const overOf = ({ limit, running, others }: PermitEntry): PermitRefusal => ({
  reason: "over",
  limit,
  running: Math.min(limit, running + others),
});

export function createPermitWaiting({ book, ask, timers, monotonicMs }: PermitWaitingDeps): PermitWaiting {
  function refuse(entry: PermitEntry, refusal: PermitRefusal, untilMs: number): void {
    if (refusal.reason === "over") entry.overUntilMs = monotonicMs() + refusedForMs;
    const later = entry.waiting.findIndex(({ sinceMs }) => sinceMs > untilMs);
    for (const { settle } of entry.waiting.splice(0, later === -1 ? entry.waiting.length : later)) settle(refusal);
    book.rest(entry);
  }
  const askIn = (entry: PermitEntry, delayMs: number): void =>
    void timers.after(delayMs, () => (entry.waiting.length > 0 ? ask(entry) : undefined));
  return {
    admit: (entry) => {
      while (entry.waiting.length > 0 && entry.running < entry.held) {
        book.begin(entry);
        entry.waiting.shift()?.settle("taken");
      }
    },
    goOn: (entry) => {
      // Calls that came while the question was under way.
      if (entry.held + entry.others < entry.limit) return ask(entry);
      const delayMs = entry.others === 0 ? undefined : retryDelaysMs[entry.attempts];
      entry.attempts += 1;
      if (delayMs === undefined) return refuse(entry, overOf(entry), monotonicMs());
      askIn(entry, delayMs);
    },
    askIn,
    refuse,
  };
}
