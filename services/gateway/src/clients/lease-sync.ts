import type { syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { z } from "zod";
import { noteTaken } from "../domain/demand.ts";
import { beginClose, mergeGrant, reportOf, type SentReport } from "../domain/lease.ts";
import { setByAnswer, todayAt, type QuotaClock } from "../domain/quota-clock.ts";
import { idleCloseMs, isLow, wantOf, type Need } from "../domain/want.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";

export type SyncRequest = z.infer<typeof syncLeases.request>;
export type SyncReply = z.infer<typeof syncLeases.reply>;

export interface LeaseSyncDeps {
  readonly gatewayId: string;
  readonly call: (request: SyncRequest) => Promise<SyncReply>;
  readonly book: LeaseBook;
  readonly clock: QuotaClock;
  readonly monotonicMs: () => number;
  readonly onSync: (outcome: "ok" | "failed", leases: number) => void;
  /** Once per outage. */
  readonly onFailure: (error: unknown) => void;
}

const maxLeasesPerMessage = 500;
const maxMessagesInFlight = 4;
const reportAfterMs = 200;
const waiterRetryMs = 20;
const revalidateAfterMs = 1_000;
const heartbeatMs = 1_500;
const sweepMs = 250;
const firstBackoffMs = 50;
const maxBackoffMs = 1_000;
const closePollMs = 10;

interface Sent {
  readonly slot: Slot;
  readonly report: SentReport;
}

/**
 * Keeps leases in step with quota: many leases in a message, one report of a lease under way at a time, every number
 * absolute, so that a message that was lost, repeated or answered late is just followed by the next one.
 */
export class LeaseSync {
  readonly #deps: LeaseSyncDeps;
  readonly #queue = new Set<Slot>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #dirty: Slot[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #messages = 0;
  #isScheduled = false;
  #batchLimit = maxLeasesPerMessage;
  #backoffMs = 0;
  #retryAtMs = 0;
  #failingSinceMs: number | null = null;

  constructor(deps: LeaseSyncDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs);
  }

  /** Puts a slot into the next message, which leaves in this tick. */
  request(slot: Slot): void {
    this.#deps.book.hold(slot);
    this.#queue.add(slot);
    this.#schedule();
  }

  /** Call it after each token taken: it reports and refills in time, and never waits. */
  noteUse(slot: Slot): void {
    const { lease } = slot;
    slot.lastUseMs = this.#deps.monotonicMs();
    noteTaken(slot.demand, slot.lastUseMs);
    const isHalfFull = (lease.used - lease.reported) * 2 >= lease.window;
    if (isHalfFull || isLow(this.#needOf(slot, slot.lastUseMs))) this.request(slot);
    else this.#markDirty(slot);
  }

  /** Asks again, at most once a second, whether an exhausted bucket still is: a lost signal costs no more. */
  revalidate(slot: Slot): void {
    const nowMs = this.#deps.monotonicMs();
    if (nowMs - slot.lastRevalidateMs < revalidateAfterMs || slot.inFlight) return;
    slot.lastRevalidateMs = nowMs;
    this.request(slot);
  }

  resyncAll(): void {
    this.#retryAtMs = 0;
    for (const slot of this.#deps.book.held) {
      if (slot.lease.leaseId !== null || slot.waiters.length > 0) this.#queue.add(slot);
    }
    setImmediate(() => this.#flush());
  }

  /** How long quota has not answered, in milliseconds; 0 while it does. */
  unreachableMs(): number {
    return this.#failingSinceMs === null ? 0 : this.#deps.monotonicMs() - this.#failingSinceMs;
  }

  /** Gives every lease back and waits for quota to say so, `graceMs` at most. */
  async closeAll(graceMs: number): Promise<void> {
    clearInterval(this.#sweeper);
    const { book, monotonicMs } = this.#deps;
    const endMs = monotonicMs() + graceMs;
    this.#retryAtMs = 0;
    const isOpen = (slot: Slot): boolean => slot.lease.leaseId !== null || slot.inFlight;
    while (monotonicMs() < endMs && [...book.held].some(isOpen)) {
      for (const slot of book.held) if (!slot.lease.closing) this.#close(slot);
      await new Promise((resolve) => setTimeout(resolve, closePollMs));
    }
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #after(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delayMs);
    this.#timers.add(timer);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const waitMs = this.#retryAtMs - this.#deps.monotonicMs();
    if (waitMs > 0) this.#after(waitMs, () => this.#flush());
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    while (this.#messages < maxMessagesInFlight) {
      const batch: Slot[] = [];
      for (const slot of this.#queue) {
        if (slot.inFlight) continue;
        batch.push(slot);
        if (batch.length >= this.#batchLimit) break;
      }
      if (batch.length === 0) return;
      void this.#send(batch);
    }
  }

  #needOf(slot: Slot, nowMs: number): Need {
    const { lease, demand, lastUseMs, recalledUntilMs } = slot;
    const { today } = this.#deps.clock;
    return { lease, demand, waiting: slot.waiters.length, today, nowMs, lastUseMs, recalledUntilMs };
  }

  #prepare(slot: Slot, nowMs: number): Sent {
    this.#queue.delete(slot);
    slot.inFlight = true;
    slot.isDirty = false;
    slot.lastSyncMs = nowMs;
    slot.order += 1;
    const want = wantOf(this.#needOf(slot, nowMs));
    if (want > 0) slot.lastUseMs = nowMs;
    return { slot, report: { order: slot.order, report: reportOf(slot.lease, want) } };
  }

  async #send(batch: readonly Slot[]): Promise<void> {
    const { monotonicMs, gatewayId, onSync } = this.#deps;
    const nowMs = monotonicMs();
    const sent = new Map(batch.map((slot) => [slot.key, this.#prepare(slot, nowMs)]));
    this.#messages += 1;
    try {
      const leases = [...sent.values()].map((one) => one.report.report);
      const reply = await this.#deps.call({ gatewayId, leases });
      this.#merge(sent, reply);
      onSync("ok", batch.length);
    } catch (error) {
      this.#noteFailure(error, [...sent.values()]);
      onSync("failed", batch.length);
    } finally {
      this.#messages -= 1;
      if (this.#queue.size > 0) this.#schedule();
    }
  }

  #merge(sent: Map<string, Sent>, reply: SyncReply): void {
    const { clock, monotonicMs } = this.#deps;
    setByAnswer(clock, reply.nowMs, monotonicMs());
    const answered: Slot[] = [];
    for (const grant of reply.leases) {
      const one = sent.get(`${grant.meter}|${grant.owner}`);
      if (one === undefined) continue;
      sent.delete(one.slot.key);
      mergeGrant(one.slot.lease, one.report, grant);
      one.slot.inFlight = false;
      answered.push(one.slot);
    }
    if (sent.size === 0) {
      this.#failingSinceMs = null;
      this.#backoffMs = this.#retryAtMs = 0;
      this.#batchLimit = Math.min(maxLeasesPerMessage, this.#batchLimit * 2);
    }
    for (const slot of answered) this.#settle(slot);
    if (sent.size > 0) throw new Error("quota left reports of leases unanswered");
  }

  #noteFailure(error: unknown, unanswered: readonly Sent[]): void {
    const nowMs = this.#deps.monotonicMs();
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = nowMs;
      this.#deps.onFailure(error);
    }
    this.#backoffMs = Math.min(maxBackoffMs, Math.max(firstBackoffMs, this.#backoffMs * 2));
    this.#retryAtMs = nowMs + this.#backoffMs;
    // A smaller next message: one report that quota cannot take must not keep the others from it.
    this.#batchLimit = Math.max(1, Math.floor(Math.min(this.#batchLimit, unanswered.length) / 2));
    for (const { slot } of unanswered) {
      slot.inFlight = false;
      this.#queue.add(slot);
    }
  }

  /** After an answer: lets waiting calls try again in their order, then sees what is to be said next. */
  #settle(slot: Slot): void {
    const { lease } = slot;
    const waiting = slot.waiters;
    slot.waiters = [];
    for (const waiter of waiting) {
      const next = waiter.retry();
      if (next === null) continue;
      next.waiters.push(waiter);
      if (next !== slot) this.request(next);
    }
    if (lease.closing) this.request(slot);
    else if (slot.waiters.length > 0) {
      if (lease.used > lease.reported) this.request(slot);
      else this.#after(waiterRetryMs, () => this.request(slot));
    } else if (lease.used > lease.reported) this.#markDirty(slot);
    else if (lease.leaseId === null && !this.#queue.has(slot)) this.#deps.book.release(slot);
  }

  #markDirty(slot: Slot): void {
    if (slot.isDirty) return;
    slot.isDirty = true;
    if (this.#dirty.length === 0) this.#after(reportAfterMs, () => this.#flushDirty());
    this.#dirty.push(slot);
  }

  #flushDirty(): void {
    const due = this.#dirty;
    this.#dirty = [];
    for (const slot of due) if (slot.isDirty) this.request(slot);
  }

  #close(slot: Slot): void {
    if (slot.lease.leaseId === null) return;
    beginClose(slot.lease);
    this.request(slot);
  }

  /** Gives back what is idle or of yesterday, and lets quota know that this gateway lives. */
  #sweep(): void {
    const { book, clock, monotonicMs } = this.#deps;
    const nowMs = monotonicMs();
    const today = todayAt(clock, nowMs);
    for (const slot of book.held) {
      const { lease } = slot;
      const isWaitedFor = slot.waiters.length > 0;
      if (lease.leaseId === null) {
        if (!isWaitedFor && !slot.inFlight && !this.#queue.has(slot)) book.release(slot);
        continue;
      }
      const isIdle = nowMs - slot.lastUseMs >= idleCloseMs && !isWaitedFor;
      if (!lease.closing && (isIdle || lease.day !== today)) this.#close(slot);
      else if (nowMs - slot.lastSyncMs >= heartbeatMs) this.request(slot);
    }
  }
}
