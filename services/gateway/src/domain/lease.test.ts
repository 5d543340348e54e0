import { describe, expect, test } from "@jest/globals";
import type { LeaseGrant, LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import * as fc from "fast-check";
import {
  beginClose,
  forgetStatus,
  freeTokens,
  giveBack,
  mergeGrant,
  newLease,
  remainingOf,
  reportOf,
  availabilityOf,
  takeToken,
  type HeldLease,
  type SentReport,
} from "./lease.ts";

const today = "2026-11-22";

/** The quota service's side of one bucket with one holder, by the same absolute numbers, exact. */
function modelServer(limit: number, window: number) {
  let nextId = 10;
  let open: { id: string; size: number; returned: number; reported: number } | null = null;
  let spent = 0;
  const ledger = new Set<string>();
  const escrow = () => (open === null ? 0 : open.size - open.returned - open.reported);

  function answer(report: LeaseReport): LeaseGrant {
    const base = { owner: report.owner, meter: report.meter, day: today, window, limit, plan: "pro" as const };
    if (report.leaseId !== null && report.leaseId !== open?.id) {
      const remaining = limit - spent - escrow();
      return {
        ...base,
        leaseId: report.leaseId,
        state: "closed",
        size: 0,
        returned: 0,
        reported: 0,
        remaining,
        status: "ok",
      };
    }
    if (report.leaseId === null && open === null) open = { id: String(nextId++), size: 0, returned: 0, reported: 0 };
    const lease = open as NonNullable<typeof open>;
    for (let seq = lease.reported + 1; seq <= report.used; seq += 1) {
      ledger.add(`${lease.id}:${seq}`);
      lease.reported = seq;
      spent += 1;
    }
    lease.returned = Math.max(lease.returned, report.returned);
    if (report.close) {
      open = null;
      const numbers = { size: lease.size, returned: lease.returned, reported: lease.reported };
      return { ...base, leaseId: lease.id, state: "closed", ...numbers, remaining: limit - spent, status: "ok" };
    }
    const granted = Math.min(report.want, 5, limit - spent - escrow());
    lease.size += granted;
    const status = report.want > 0 && granted === 0 ? "exhausted" : "ok";
    const numbers = { size: lease.size, returned: lease.returned, reported: lease.reported };
    return { ...base, leaseId: lease.id, state: "open", ...numbers, remaining: limit - spent, status };
  }
  const bounce = () => {
    // The holder is thought dead: its lease is closed behind its back, and what may still be used of it is burned.
    if (open !== null) spent += Math.min(window, open.size - open.returned - open.reported);
    open = null;
  };
  return { answer, bounce, ledger, spentOf: () => spent };
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: "take" as const }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const), want: fc.nat(12) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("deliver" as const), pick: fc.nat(20), again: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.constantFrom({ kind: "recall" as const }, { kind: "close" as const }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: "bounce" as const }, { kind: "forget" as const }) },
  ),
  { maxLength: 120, size: "max" },
);

function checkInvariants(lease: HeldLease): void {
  expect(lease.used).toBeLessThanOrEqual(lease.size - lease.returned);
  expect(lease.used - lease.reported).toBeLessThanOrEqual(lease.window);
  expect(lease.reported).toBeLessThanOrEqual(lease.used);
}

describe("a lease", () => {
  test("never admits past its size or window, never a seq twice, whatever answers are repeated, late or reordered", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6 }), (script, limit, window) => {
        const server = modelServer(limit, window);
        const lease = newLease("user:u", "api_calls");
        const answers: { sent: SentReport; grant: LeaseGrant }[] = [];
        const taken = new Set<string>();
        let order = 0;
        for (const step of script) {
          if (step.kind === "take" && availabilityOf(lease, today) === "ready") {
            const charge = takeToken(lease);
            const id = `${charge.leaseId}:${charge.seq}`;
            expect(taken.has(id)).toBe(false);
            taken.add(id);
          }
          if (step.kind === "send") {
            const report = reportOf(lease, step.want);
            answers.push({ sent: { order: ++order, report }, grant: server.answer(report) });
          }
          if (step.kind === "deliver" && answers.length > 0) {
            const index = step.pick % answers.length;
            const answer = answers[index];
            if (answer !== undefined) mergeGrant(lease, answer.sent, answer.grant);
            if (!step.again) answers.splice(index, 1);
          }
          if (step.kind === "recall") giveBack(lease);
          if (step.kind === "close") beginClose(lease);
          if (step.kind === "bounce") server.bounce();
          if (step.kind === "forget") forgetStatus(lease);
          checkInvariants(lease);
          expect(taken.size).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("once exchanges go through, everything taken is in the ledger and everything else is back", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 30, size: "max" }), (bursts) => {
        const server = modelServer(60, 4);
        const lease = newLease("user:u", "api_calls");
        let order = 0;
        let taken = 0;
        const exchange = (want: number) => {
          const report = reportOf(lease, want);
          mergeGrant(lease, { order: ++order, report }, server.answer(report));
        };
        for (const burst of bursts) {
          exchange(burst);
          for (let n = 0; n < burst && availabilityOf(lease, today) === "ready"; n += 1) {
            takeToken(lease);
            taken += 1;
          }
        }
        beginClose(lease);
        exchange(0);
        expect(lease.leaseId).toBeNull();
        expect([server.ledger.size, server.spentOf()]).toEqual([taken, taken]);
      }),
      { numRuns: 100 },
    );
  });
});

function granted(size: number, over: Partial<LeaseGrant> = {}): HeldLease {
  const lease = newLease("user:u", "api_calls");
  mergeGrant(lease, { order: 1, report: reportOf(lease, size) }, grantOf(size, over));
  return lease;
}
const grantOf = (size: number, over: Partial<LeaseGrant> = {}): LeaseGrant => ({
  owner: "user:u",
  meter: "api_calls",
  leaseId: "7",
  state: "open",
  day: today,
  size,
  returned: 0,
  reported: 0,
  window: 2,
  limit: 75,
  remaining: 75,
  status: "ok",
  plan: "free",
  ...over,
});

describe("availability", () => {
  test("a full credit window waits, an empty lease asks, and only quota's word makes it exhausted", () => {
    const lease = granted(3);
    takeToken(lease);
    takeToken(lease);
    expect(availabilityOf(lease, today)).toBe("window_full");
    mergeGrant(lease, { order: 2, report: reportOf(lease, 0) }, grantOf(3, { reported: 2 }));
    takeToken(lease);
    expect(availabilityOf(lease, today)).toBe("empty");
    mergeGrant(lease, { order: 3, report: reportOf(lease, 1) }, grantOf(3, { reported: 3, status: "exhausted" }));
    expect(availabilityOf(lease, today)).toBe("exhausted");
    forgetStatus(lease);
    expect(availabilityOf(lease, today)).toBe("empty");
  });

  test("tokens of one day are never admitted on another, and yesterday's exhaustion is forgotten", () => {
    expect(availabilityOf(granted(3), "2026-11-23")).toBe("empty");
    expect(availabilityOf(granted(0, { status: "exhausted" }), "2026-11-23")).toBe("empty");
    const lease = granted(3);
    mergeGrant(lease, { order: 2, report: reportOf(lease, 1) }, grantOf(5, { day: "2026-11-23" }));
    expect(availabilityOf(lease, "2026-11-23")).toBe("empty");
  });

  test("a token that is not held cannot be taken", () => {
    expect(() => takeToken(newLease("user:u", "api_calls"))).toThrow("does not hold");
  });

  test("remaining falls with each token taken since the last answer", () => {
    const lease = granted(3);
    takeToken(lease);
    expect([remainingOf(lease, today), remainingOf(lease, "2026-11-23"), freeTokens(lease)]).toEqual([74, 75, 2]);
  });
});
