import { describe, expect, test } from "@jest/globals";
import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";
import {
  availabilityOf,
  beginClose,
  forgetStatus,
  giveBack,
  type HeldLease,
  mergeGrant,
  newLease,
  reportOf,
  type SentReport,
  takeToken,
} from "@topdog/gateway/domain/lease";
import * as fc from "fast-check";
import { quotaInMemory, type QuotaUnderTest } from "../support/quota-under-test.ts";
import { usageOf } from "../support/usage.ts";

const today = "2026-11-22";
const startMs = Date.parse(`${today}T10:00:00.000Z`);
const owner = "user:ann";
/** Of the free plan. */
const limit = 75;
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

/** More than the gateway's own sync ever does: reports and answers in any order, as often as it likes. */
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: kind("take"), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: kind("report"), want: fc.nat(12), isSent: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: kind("send"), pick: fc.nat(), again: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ kind: kind("merge"), pick: fc.nat(), again: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: kind("give back") }) },
    { weight: 1, arbitrary: fc.record({ kind: kind("close") }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: "silent" as const }, { kind: "forget" as const }) },
  ),
  { maxLength: 120, size: "max" },
);
type Step = typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never;

interface Pair {
  readonly quota: QuotaUnderTest;
  readonly lease: HeldLease;
  readonly reports: SentReport[];
  readonly answers: { readonly sent: SentReport; readonly grant: LeaseGrant }[];
  readonly taken: Set<string>;
  readonly ended: Set<string>;
  order: number;
  nowMs: number;
}

function newPair(): Pair {
  const quota = quotaInMemory(
    () => pair.nowMs,
    () => undefined,
  );
  const lease = newLease(owner, "api_calls");
  const pair: Pair = {
    quota,
    lease,
    reports: [],
    answers: [],
    taken: new Set(),
    ended: new Set(),
    order: 0,
    nowMs: startMs,
  };
  return pair;
}

function take({ lease, taken }: Pair): void {
  if (availabilityOf(lease, today) !== "ready") return;
  const { leaseId, seq } = takeToken(lease);
  const id = `${leaseId}:${seq}`;
  expect(taken).not.toContain(id);
  taken.add(id);
}

async function send(pair: Pair, sent: SentReport): Promise<void> {
  const reply = await pair.quota.sync({ gatewayId: "gateway-1", leases: [sent.report] });
  const [grant] = reply.leases;
  if (grant !== undefined) pair.answers.push({ sent, grant });
}

function merge({ lease, ended }: Pair, sent: SentReport, grant: LeaseGrant): void {
  const before = lease.leaseId;
  mergeGrant(lease, sent, grant);
  if (before !== null && lease.leaseId !== before) ended.add(before);
}

/** One item of a list, removed from it unless it is to come again. */
function pickFrom<T>(list: T[], pick: number, again: boolean): T | undefined {
  const index = pick % Math.max(1, list.length);
  return again ? list[index] : list.splice(index, 1)[0];
}

async function step(pair: Pair, one: Step): Promise<void> {
  const { lease } = pair;
  switch (one.kind) {
    case "take":
      for (let n = 0; n < one.count; n += 1) take(pair);
      return;
    case "report": {
      const sent = { order: (pair.order += 1), report: reportOf(lease, one.want) };
      if (one.isSent) return send(pair, sent);
      return void pair.reports.push(sent);
    }
    case "send": {
      const sent = pickFrom(pair.reports, one.pick, one.again);
      return sent === undefined ? undefined : send(pair, sent);
    }
    case "merge": {
      const answer = pickFrom(pair.answers, one.pick, one.again);
      if (answer !== undefined) merge(pair, answer.sent, answer.grant);
      return;
    }
    case "give back":
      return giveBack(lease);
    case "close":
      return beginClose(lease);
    case "forget":
      return forgetStatus(lease);
    case "silent":
      // quota takes it for dead and closes its lease without its knowledge.
      pair.nowMs += 12_000;
      return pair.quota.closeAbandoned();
  }
}

async function check({ quota, lease, taken, ended }: Pair): Promise<void> {
  expect(lease.used).toBeLessThanOrEqual(lease.size - lease.returned);
  expect(lease.used - lease.reported).toBeLessThanOrEqual(lease.window);
  expect(lease.reported).toBeLessThanOrEqual(lease.used);
  expect(taken.size).toBeLessThanOrEqual(limit);
  expect(ended).not.toContain(lease.leaseId);
  const { leases } = await quota.state();
  const held = new Map(leases.map((one) => [one.leaseId, one.size - one.returned]));
  for (const id of taken) {
    const [leaseId = "", seq] = id.split(":");
    expect(Number(seq)).toBeLessThanOrEqual(held.get(leaseId) ?? 0);
  }
}

describe("a gateway's lease and quota", () => {
  test("whatever is sent and answered late, twice or out of order: no oversold token, no seq twice, no ended lease back", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const pair = newPair();
        for (const one of script) {
          await step(pair, one);
          await check(pair);
        }
        // Whatever happened, every token that was taken can be reported, and is in the ledger once.
        const usages = [...pair.taken].map((id) => {
          const [leaseId = "", seq] = id.split(":");
          return usageOf(owner, [{ meter: "api_calls", leaseId, seq: Number(seq) }]);
        });
        expect(await pair.quota.recordUsage(usages)).toEqual([]);
        const { charges } = await pair.quota.state();
        expect(charges.toSorted()).toEqual([...pair.taken].toSorted());
      }),
      { numRuns: 250 },
    );
  });

  test("once exchanges go through, everything taken is in the ledger and everything else is back", async () => {
    const bursts = fc.array(fc.nat(9), { minLength: 1, maxLength: 30, size: "max" });
    await fc.assert(
      fc.asyncProperty(bursts, async (sizes) => {
        const pair = newPair();
        const exchange = async (want: number): Promise<void> => {
          await send(pair, { order: (pair.order += 1), report: reportOf(pair.lease, want) });
          const answer = pair.answers.pop();
          if (answer !== undefined) merge(pair, answer.sent, answer.grant);
        };
        for (const size of sizes) {
          await exchange(size);
          for (let n = 0; n < size; n += 1) take(pair);
        }
        beginClose(pair.lease);
        await exchange(0);
        expect(pair.lease.leaseId).toBeNull();
        const { charges, buckets } = await pair.quota.state();
        expect(charges.toSorted()).toEqual([...pair.taken].toSorted());
        expect(buckets).toMatchObject([{ settled: pair.taken.size, escrow: 0 }]);
      }),
      { numRuns: 100 },
    );
  });
});
