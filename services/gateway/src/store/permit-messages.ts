import { maxPermitAsks, type PermitAsk, type PermitGrant } from "@topdog/contracts/rpc/take-permits";
import type { AskPermits } from "../clients/permit-asks.ts";
import type { Timers } from "../clients/timers.ts";
import type { PermitEntry } from "./permit-entry.ts";

export interface PermitMessagesDeps {
  readonly gatewayId: string;
  readonly ask: AskPermits;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  /** The question of an owner, made at the moment when its message leaves. */
  readonly askOf: (entry: PermitEntry) => PermitAsk;
  readonly onGrant: (entry: PermitEntry, grant: PermitGrant, askedMs: number) => void;
  /** Once for each message that is answered, before its grants. */
  readonly onHeard: (askedMs: number, history: string | undefined) => void;
  readonly onUnanswered: (entry: PermitEntry) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Carries questions to quota: many owners in a message, one question of an owner under way at a time. */
export interface PermitMessages {
  /** Asks in this turn of the loop, or once the owner's question under way is answered. */
  ask(entry: PermitEntry): void;
  isDue(entry: PermitEntry): boolean;
  isBusy(): boolean;
}

const maxMessagesInFlight = 4;

export function createPermitMessages(deps: PermitMessagesDeps): PermitMessages {
  const due = new Set<PermitEntry>();
  let messages = 0;
  let version = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    deps.timers.soon(flush);
  }

  function takeBatch(): PermitEntry[] {
    const batch: PermitEntry[] = [];
    for (const entry of due) {
      if (entry.inFlight) continue;
      due.delete(entry);
      if (batch.push(entry) === maxPermitAsks) break;
    }
    return batch;
  }

  function flush(): void {
    isScheduled = false;
    while (messages < maxMessagesInFlight) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      void send(batch);
    }
  }

  async function send(batch: readonly PermitEntry[]): Promise<void> {
    const askedMs = deps.monotonicMs();
    messages += 1;
    version += 1;
    const asks = batch.map((entry) => {
      entry.inFlight = true;
      return deps.askOf(entry);
    });
    let grants: readonly PermitGrant[] = [];
    try {
      const reply = await deps.ask({ gatewayId: deps.gatewayId, version, asks });
      ({ grants } = reply);
      deps.onHeard(askedMs, reply.history);
    } catch (error) {
      deps.onFailure(error);
    }
    messages -= 1;
    const byOwner = new Map(grants.map((grant) => [grant.owner, grant]));
    for (const entry of batch) {
      entry.inFlight = false;
      const grant = byOwner.get(entry.owner);
      if (grant === undefined) deps.onUnanswered(entry);
      else deps.onGrant(entry, grant, askedMs);
    }
    if (due.size > 0) schedule();
  }

  return {
    ask: (entry) => {
      due.add(entry);
      schedule();
    },
    isDue: (entry) => due.has(entry),
    isBusy: () => due.size > 0 || messages > 0,
  };
}
