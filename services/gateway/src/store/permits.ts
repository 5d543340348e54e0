import type { PermitAsk, PermitGrant } from "@topdog/contracts/rpc/take-permits";
import type { AskPermits } from "../clients/permit-asks.ts";
import type { Timers } from "../clients/timers.ts";
import { createPermitBook } from "./permit-book.ts";
import type { PermitEntry, PermitOutcome } from "./permit-entry.ts";
import { createPermitMessages, type PermitMessages } from "./permit-messages.ts";
import { createPermitRetelling } from "./permit-retelling.ts";
import { createPermitTrust } from "./permit-trust.ts";
import { createPermitWaiting, overOf } from "./permit-waiting.ts";

/**
 * The concurrent requests of every owner, exact over all gateways: a call runs under a permit that quota gave to this gateway and to no
 * other. A permit stays here when its call ends, so that the next call needs no message; it goes back when another gateway lacks it.
 */
export interface Permits {
  /** For each that was taken, `give` must be called exactly once. */
  take(owner: string): PermitOutcome | Promise<PermitOutcome>;
  give(owner: string): void;
  /** Another gateway lacks permits of this owner. */
  recall(owner: string, forGateway: string): void;
  /** The owner's limit may have changed. */
  recheck(owner: string): void;
  /**
   * Quota answered a message that left at `askedMs`: it knew by then that this process is alive. With another `history` than before it may have
   * forgotten what it gave: it is told which calls are under way, and what no call uses is not used before it was asked for again.
   */
  heard(askedMs: number, history?: string): void;
  /** Whether quota must hear of this process to leave it what it holds. */
  holdsAny(): boolean;
  /** Gives back everything that no call uses; resolves when quota has answered, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface PermitsDeps {
  readonly gatewayId: string;
  readonly ask: AskPermits;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  /** How long quota has not answered; 0 while it does. */
  readonly awayMs: () => number;
  readonly maxOwners: number;
  readonly onFailure: (error: unknown) => void;
}

const maxWaiting = 256;
const tickMs = 1_000;
const stopPollMs = 10;
/** Whoever has waited for so long when a question ends without an answer is refused: with the question that is 2.5 s at most. */
const patienceMs = 1_500;
const askAgainMs = 50;

/**
 * Calls that are under way keep their permits, also of a plan that was lowered since, or that a restored database gave to others. These end with
 * their calls: the next ones are not served by them. True when any was given up.
 */
function shed(entry: PermitEntry): boolean {
  const within = Math.max(entry.running, entry.limit - entry.others);
  const isBeyond = entry.held > within;
  if (isBeyond) entry.held = within;
  return isBeyond;
}

async function answered(
  { monotonicMs, timers }: PermitsDeps,
  messages: PermitMessages,
  graceMs: number,
): Promise<void> {
  const endMs = monotonicMs() + graceMs;
  while (monotonicMs() < endMs && messages.isBusy())
    await new Promise<void>((resolve) => timers.after(stopPollMs, resolve));
}

export function createPermits(deps: PermitsDeps): Permits {
  const { monotonicMs, timers } = deps;
  const trust = createPermitTrust(monotonicMs, () => deps.awayMs() > 0);
  const book = createPermitBook({ ...deps, letGo: returnIdle });
  const onHeard = (askedMs: number, history?: string): void => {
    trust.noteHeard(askedMs);
    retelling.heard(history);
  };
  const messages = createPermitMessages({ ...deps, askOf, onGrant, onHeard, onUnanswered: serveWithoutQuota });
  const retelling = createPermitRetelling({ book, trust, messages });
  const waiting = createPermitWaiting({ book, timers, monotonicMs, ask: (entry) => messages.ask(entry) });

  function askOf(entry: PermitEntry): PermitAsk {
    const held = trust.isSound(entry) ? entry.held : entry.running;
    const want = Math.min(maxWaiting, Math.max(0, entry.waiting.length - (held - entry.running)));
    return { owner: entry.owner, running: entry.running, held, want };
  }

  function onGrant(entry: PermitEntry, grant: PermitGrant, askedMs: number): void {
    entry.limit = grant.limit;
    entry.others = grant.others;
    if (grant.held === null) return messages.ask(entry);
    entry.isUnsure = false;
    entry.confirmedMs = askedMs;
    retelling.answered(entry);
    entry.held = Math.max(grant.held, entry.running);
    if (shed(entry) || entry.held > grant.held) messages.ask(entry);
    waiting.admit(entry);
    if (entry.isRecalled) returnIdle(entry);
    if (entry.waiting.length > 0) waiting.goOn(entry);
    else if (entry.running === 0 && entry.held === 0 && !messages.isDue(entry)) book.drop(entry);
  }

  /**
   * What is held goes on to be used: without quota no other gateway is given it. One question that is lost, or one replica that is
   * replaced, refuses nobody: who waits asks again, unless quota has been away for as long as anybody would wait.
   */
  function serveWithoutQuota(entry: PermitEntry): void {
    entry.isUnsure = true;
    if (trust.isOurs(entry)) waiting.admit(entry);
    const nowMs = monotonicMs();
    waiting.refuse(entry, { reason: "unavailable" }, deps.awayMs() > patienceMs ? nowMs : nowMs - patienceMs);
    if (entry.waiting.length > 0) waiting.askIn(entry, askAgainMs);
  }

  function returnIdle(entry: PermitEntry): void {
    entry.isRecalled = entry.inFlight;
    if (entry.held === entry.running && !entry.isUnsure) return;
    entry.held = entry.running;
    messages.ask(entry);
  }

  function tick(): void {
    trust.noteAlive();
    book.sweep();
    retelling.goOn();
    cancelTick = timers.after(tickMs, tick);
  }
  let cancelTick = timers.after(tickMs, tick);

  return {
    take: (owner) => {
      const entry = book.entry(owner);
      if (entry.waiting.length === 0 && entry.running < entry.held && trust.isSound(entry)) {
        book.begin(entry);
        return "taken";
      }
      if (monotonicMs() < entry.overUntilMs || entry.waiting.length >= maxWaiting) return overOf(entry);
      return new Promise<PermitOutcome>((settle) => {
        if (entry.waiting.push({ sinceMs: monotonicMs(), settle }) === 1) entry.attempts = 0;
        messages.ask(entry);
      });
    },
    give: (owner) => {
      const entry = book.find(owner);
      if (entry === undefined) return;
      book.end(entry);
      if (shed(entry)) messages.ask(entry);
      if (trust.isOurs(entry)) waiting.admit(entry);
    },
    recall: (owner, forGateway) => {
      const entry = book.find(owner);
      if (entry !== undefined && forGateway !== deps.gatewayId) returnIdle(entry);
    },
    recheck: (owner) => {
      const entry = book.find(owner);
      if (entry === undefined) return;
      entry.overUntilMs = Number.NEGATIVE_INFINITY;
      messages.ask(entry);
    },
    heard: onHeard,
    holdsAny: () => book.size() > 0,
    stop: async (graceMs) => {
      for (const entry of book.all()) returnIdle(entry);
      await answered(deps, messages, graceMs);
      cancelTick();
    },
  };
}
