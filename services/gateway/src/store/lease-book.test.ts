import { beforeEach, describe, expect, test } from "@jest/globals";
import { mergeGrant, reportOf } from "../domain/lease.ts";
import { createLeaseBook, type LeaseBook, type Slot } from "./lease-book.ts";

const [today, tomorrow] = ["2026-11-22", "2026-11-23"];
const meter = "api_calls";
const pool = "org:acme";

let book: LeaseBook;
let evicted: Slot[];
beforeEach(() => {
  evicted = [];
  book = createLeaseBook({ maxSlots: 2, onEvicted: (slot) => void evicted.push(slot) });
});

/** quota answers a request of this slot with an open lease; returns the lease that the slot holds then. */
function answer({ lease }: Slot, leaseId: string, day: string): string | null {
  const report = reportOf(lease, 4, day);
  const numbers = { size: 4, returned: 0, reported: 0, window: 2, limit: 75, remaining: 71 };
  const told = { owner: lease.owner, meter: lease.meter, ...(lease.member === null ? {} : { member: lease.member }) };
  const grant = { ...told, leaseId, day, plan: "free", state: "open", status: "ok", ...numbers } as const;
  mergeGrant(lease, { order: lease.mergedOrder + 1, report }, grant);
  return lease.leaseId;
}

describe("a slot that is ahead", () => {
  test.each([
    ["holds", { leaseId: "30", retiredId: "12" }],
    ["held last", { leaseId: null, retiredId: "30" }],
  ])("takes no lease for a new one that today's slot %s, nor an older one", (_when, numbers) => {
    const slot = book.slot("user:a", meter);
    Object.assign(slot.lease, numbers);
    const ahead = book.openAhead(slot, tomorrow);
    expect(reportOf(ahead.lease, 4, tomorrow)).toMatchObject({ endedLeaseId: "30", forDay: tomorrow });
    expect([answer(ahead, "30", tomorrow), answer(ahead, "29", tomorrow)]).toEqual([null, null]);
    expect(answer(ahead, "31", tomorrow)).toBe("31");
  });

  test.each([
    ["today's slot got after it", "40", "20", "40"],
    ["it got itself", "12", "50", "50"],
    ["it got, and today's has none", null, "50", "50"],
  ])("takes no lease for a new one, in its day, that %s", (_which, ofToday, ofAhead, newest) => {
    const slot = book.slot("user:a", meter);
    const ahead = book.openAhead(slot, tomorrow);
    slot.lease.leaseId = ofToday;
    ahead.lease.retiredId = ofAhead;
    expect(book.turnTo(slot, tomorrow)).toBe(ahead);
    expect([answer(ahead, newest, ""), ahead.lease.retiredId]).toEqual([null, newest]);
    expect(answer(ahead, String(Number(newest) + 1), "")).not.toBeNull();
  });

  test("takes the other's place when its day has come, for good, and not before", () => {
    const slot = book.slot(pool, meter, "ann");
    const ahead = book.openAhead(slot, tomorrow);
    expect([book.turnTo(slot, today), book.slot(pool, meter, "ann"), ...book.slotsOf(pool, meter)]).toEqual([
      slot,
      slot,
      slot,
    ]);
    expect(book.turnTo(slot, tomorrow)).toBe(ahead);
    expect([book.find(pool, meter, "ann"), ...book.slotsOf(pool, meter)]).toEqual([ahead, ahead]);
    expect([book.turnTo(ahead, tomorrow), book.turnTo(slot, tomorrow)]).toEqual([ahead, slot]);
    // What it is ahead of is over: another one can be opened, and its release says nothing of the slot before.
    book.hold(ahead);
    book.release(ahead);
    expect([ahead.forDay, ahead.aheadOf, slot.ahead, book.find(pool, meter, "ann")]).toEqual([null, null, null, ahead]);
  });
});

describe("a slot that is evicted", () => {
  const evict = (): void => {
    for (const owner of ["user:y", "user:z"]) book.slot(owner, meter);
  };

  test("while nothing is held of it is forgotten at once", () => {
    book.slot(pool, meter, "ann");
    evict();
    expect([book.find(pool, meter, "ann"), book.slotsOf(pool, meter), evicted]).toEqual([undefined, [], []]);
  });

  test("is closed with the one that is ahead of it, and is the same slot until both have ended", () => {
    const slot = book.slot(pool, meter, "ann");
    const ahead = book.openAhead(slot, tomorrow);
    for (const [one, leaseId] of [
      [slot, "30"],
      [ahead, "31"],
    ] as const) {
      one.lease.leaseId = leaseId;
      book.hold(one);
    }
    evict();
    expect(evicted).toEqual([slot, ahead]);
    expect([slot.lease.closing, ahead.lease.closing]).toEqual([true, true]);
    book.release(slot);
    expect([book.find(pool, meter, "ann"), ...book.slotsOf(pool, meter)]).toEqual([slot, slot]);
    book.release(ahead);
    expect([book.find(pool, meter, "ann"), book.slotsOf(pool, meter)]).toEqual([undefined, []]);
  });

  test("and holds a lease ahead alone closes that, and comes back as the same slot when it is asked for", () => {
    const slot = book.slot(pool, meter, "ann");
    const ahead = book.openAhead(slot, tomorrow);
    book.hold(ahead);
    evict();
    expect(evicted).toEqual([ahead]);
    expect(book.slot(pool, meter, "ann")).toBe(slot);
    book.release(ahead);
    // A recall reaches it.
    expect([slot.ahead, book.find(pool, meter, "ann"), ...book.slotsOf(pool, meter)]).toEqual([null, slot, slot]);
  });
});
