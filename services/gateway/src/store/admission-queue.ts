import type { Slot } from "./lease-book.ts";

/** A call that waits for tokens. */
export interface WaitingCall {
  /** Decides again, now that a bucket's numbers changed. Returns the bucket to wait at, or null when the call is settled. */
  retry(): Slot | null;
}

/** The calls that wait for tokens, each at one bucket, first come, first served. The only list of waiting calls. */
export interface AdmissionQueue {
  waitingAt(slot: Slot): number;
  join(call: WaitingCall, slot: Slot): void;
  /** For a call that gives up. */
  leave(call: WaitingCall, slot: Slot): void;
  /** Lets the calls of a bucket try again in their order; `onMoved` is called with another bucket where one of them now waits. */
  retryAt(slot: Slot, onMoved: (other: Slot) => void): void;
}

export function createAdmissionQueue(): AdmissionQueue {
  // Only buckets with a waiting call are in it: in the steady state it is empty and costs nothing.
  const waiting = new Map<Slot, Set<WaitingCall>>();

  function join(call: WaitingCall, slot: Slot): void {
    const calls = waiting.get(slot);
    if (calls === undefined) waiting.set(slot, new Set([call]));
    else calls.add(call);
  }

  return {
    waitingAt: (slot) => (waiting.size === 0 ? 0 : (waiting.get(slot)?.size ?? 0)),
    join,
    leave: (call, slot) => {
      const calls = waiting.get(slot);
      calls?.delete(call);
      if (calls?.size === 0) waiting.delete(slot);
    },
    retryAt: (slot, onMoved) => {
      const calls = waiting.get(slot);
      if (calls === undefined) return;
      waiting.delete(slot);
      for (const call of calls) {
        const next = call.retry();
        if (next === null) continue;
        join(call, next);
        if (next !== slot) onMoved(next);
      }
    },
  };
}
