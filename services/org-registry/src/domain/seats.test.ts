import { describe, expect, test } from "@jest/globals";
import { planIds, plans } from "@topdog/contracts/plans";
import * as fc from "fast-check";
import { paidSeats, type SeatHolder, seatsToGiveUp } from "./seats.ts";

const anyHolders = fc
  .uniqueArray(fc.record({ userId: fc.stringMatching(/^[a-z]{1,4}$/), activatedAtMs: fc.nat(5) }), {
    minLength: 1,
    maxLength: 20,
    size: "max",
    selector: (holder) => holder.userId,
  })
  .map((list): SeatHolder[] => list.map((holder, index) => Object.assign(holder, { owner: index === 0 })));

describe("seats of an org", () => {
  test("only a plan with seats allows more active members than the owner", () => {
    expect(paidSeats(null)).toBe(1);
    for (const plan of planIds) {
      const seats = paidSeats({ plan, seats: 12 });
      expect(seats).toBe(plans[plan].perSeat ? 12 : 1);
    }
  });

  test("exactly the surplus is given up, never the owner, and never an older seat before a newer one", () => {
    fc.assert(
      fc.property(anyHolders, fc.integer({ min: 0, max: 25 }), (holders, seats) => {
        const lost = new Set(seatsToGiveUp(holders, seats));
        expect(lost.size).toBe(Math.max(0, holders.length - Math.max(1, seats)));
        expect(holders.some((holder) => holder.owner && lost.has(holder.userId))).toBe(false);
        const keptMs = holders.filter((h) => !lost.has(h.userId) && !h.owner).map((h) => h.activatedAtMs);
        const lostMs = holders.filter((h) => lost.has(h.userId)).map((h) => h.activatedAtMs);
        expect(Math.max(0, ...keptMs)).toBeLessThanOrEqual(Math.min(Number.POSITIVE_INFINITY, ...lostMs));
      }),
    );
  });

  test("the order in which members are read changes nothing", () => {
    fc.assert(
      fc.property(anyHolders, fc.nat(20), (holders, seats) => {
        expect(seatsToGiveUp(holders.toReversed(), seats)).toEqual(seatsToGiveUp(holders, seats));
      }),
    );
  });
});
