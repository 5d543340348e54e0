import { type KeyUse, maxKeyUses } from "@topdog/contracts/rpc/note-key-uses";
import type { Timers } from "../clients/timers.ts";
import type { KnownCaller } from "./known-callers.ts";

/** Tells org-registry, roughly, when keys were used: never a message per call, and none that a call waits for. */
export interface KeyUses {
  /** A key was used. Costs a comparison, except once in some minutes for each key. */
  note(caller: KnownCaller): void;
  /** Sends what waits. */
  stop(): Promise<void>;
}

export interface KeyUsesDeps {
  readonly send: (uses: KeyUse[]) => Promise<unknown>;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
  readonly timers: Timers;
  /** The uses of this message are lost: their keys are told about again at a later use. */
  readonly onFailure: (error: unknown) => void;
}

/** So old may be what org-registry knows. */
const toldEveryMs = 300_000;
const gatherMs = 2_000;
const maxWaiting = 20_000;

export function createKeyUses({ send, monotonicMs, nowMs, timers, onFailure }: KeyUsesDeps): KeyUses {
  const waiting = new Map<string, KeyUse>();
  let cancel: (() => void) | undefined;
  let isStopped = false;

  async function flush(): Promise<void> {
    cancel = undefined;
    const uses = waiting.values().take(maxKeyUses).toArray();
    for (const { keyId } of uses) waiting.delete(keyId);
    if (waiting.size > 0) schedule();
    await send(uses).catch(onFailure);
  }

  function schedule(): void {
    if (!isStopped) cancel ??= timers.after(gatherMs, () => void flush());
  }

  return {
    note: ({ principal: { keyId }, lastUse }) => {
      const sinceMs = monotonicMs();
      if (sinceMs - lastUse.toldMs < toldEveryMs || waiting.size >= maxWaiting) return;
      lastUse.toldMs = sinceMs;
      waiting.set(keyId, { keyId, at: new Date(nowMs()).toISOString() });
      schedule();
    },
    stop: async () => {
      isStopped = true;
      cancel?.();
      if (waiting.size > 0) await flush();
    },
  };
}
