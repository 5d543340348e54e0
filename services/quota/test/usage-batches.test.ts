import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { Meter } from "@topdog/contracts/quota";
import { durableFor } from "@topdog/contracts/topology";
import type { Bus } from "@topdog/messaging/connect";
import { listDeadLetters } from "@topdog/messaging/dead-letters";
import { readyEvent } from "@topdog/messaging/event-batch";
import { publishBatch } from "@topdog/messaging/publish";
import { callerEnv } from "@topdog/testing/account-call";
import { untilConsumed } from "@topdog/testing/consumed";
import { eventually } from "@topdog/testing/eventually";
import { startStoringService, type StoringTestService } from "@topdog/testing/service";
import * as fc from "fast-check";
import { quota } from "../src/app.ts";
import { migrations, readViolations } from "./platform.ts";
import { callerOf, usageOf } from "@topdog/testing/usage";

const calls = 40;
const meters = ["api_calls", "llm_requests"] as const;
const durable = durableFor("quota", usageConsumed.subject);

let service: StoringTestService;
let router: Bus;
beforeAll(async () => {
  service = await startStoringService(quota, { migrations, env: callerEnv });
  router = await service.nats.busOf("llm-router");
});
afterAll(() => service.stop());

let owners = 0;
let messages = 0;

/** The records of an owner's calls; a gateway has reported all but the last, which is in its credit window. */
async function usageOfOwner(reported: number): Promise<UsageConsumed[]> {
  owners += 1;
  const owner = `user:batched_${owners}`;
  const size = calls + 1;
  await service.db.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled, escrow)
     select ?, meter, utc_today(), ?, 'pro', 300, 300, ?, ? from unnest(?::text[]) meter`,
    [owner, owner, reported, size - reported, [...meters]],
  );
  const { rows } = await service.db.raw<{ rows: { leaseId: string; meter: Meter }[] }>(
    `insert into lease (owner, meter, day, gateway_id, size, acked, reported, highest_seq, credit_window)
     select owner, meter, day, 'gateway-batches', ?, settled, settled, settled, 2 from bucket where owner = ?
     returning lease_id::text as "leaseId", meter`,
    [size, owner],
  );
  await service.db.raw(
    `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
     select lease_id, seq, 'charge', day, meter, 1, 'admitted' from lease, generate_series(1, reported) seq where owner = ?`,
    [owner],
  );
  const leases = rows.toSorted((one, other) => (one.meter < other.meter ? -1 : 1));
  return Array.from({ length: reported + 1 }, (_, index) =>
    usageOf(
      leases.map(({ leaseId, meter }) => ({ meter, leaseId, seq: index + 1 })),
      { ...callerOf(owner), promptTokens: index, refund: index % 5 === 0, outcome: index % 5 === 0 ? "failed" : "ok" },
    ),
  );
}

const ready = (usage: UsageConsumed) => {
  const { finishedAt: time, traceparent } = usage;
  return readyEvent(usageConsumed, usage, { id: usageIdOf(usage), time, traceparent });
};

const publish = (usages: readonly UsageConsumed[]) =>
  publishBatch(router, usageConsumed, { id: `m${(messages += 1)}`, events: usages.map(ready) }, { timeoutMs: 20_000 });

async function ledgerOf(usages: readonly UsageConsumed[]): Promise<unknown> {
  const { rows } = await service.db.raw<{ rows: unknown[] }>(
    `select lease_id::text as "leaseId", seq, entry, meter, state, prompt_tokens as "promptTokens" from ledger
     where lease_id = any(?::bigint[]) order by lease_id, seq, entry`,
    [[...new Set(usages.flatMap(({ charges }) => charges.map(({ leaseId }) => leaseId)))]],
  );
  return rows;
}

/** The ledger that each of these records makes when it counts once. */
const ledgerFrom = (usages: readonly UsageConsumed[]): unknown[] =>
  usages
    .flatMap((usage) =>
      usage.charges.flatMap(({ leaseId, seq, meter }) => {
        const promptTokens = meter === "api_calls" ? usage.promptTokens : null;
        const charge = { leaseId, seq, entry: "charge", meter, state: "completed", promptTokens };
        return usage.refund ? [charge, { ...charge, entry: "refund", promptTokens: null }] : [charge];
      }),
    )
    .toSorted((a, b) => Number(a.leaseId) - Number(b.leaseId) || a.seq - b.seq || (a.entry < b.entry ? -1 : 1));

const settled = (): Promise<void> => untilConsumed(service.nats.bus, durable);

/** Cuts of a list into batches, by the index of each batch's first record and its length: they may overlap and repeat. */
const batchings = fc.array(fc.tuple(fc.nat(calls - 1), fc.integer({ min: 1, max: calls })), {
  maxLength: 20,
  size: "max",
});

test("onceEach: however records are cut into batches, repeated and mixed, the ledger is the set of them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(calls - 1), batchings, async (reported, cuts) => {
      const usages = await usageOfOwner(reported);
      for (const [first, length] of cuts) {
        const part = usages.slice(first, first + length);
        if (part.length > 0) await publish(part);
      }
      // Whatever was left out above comes in the end, as it does from a spool.
      await publish(usages);
      await settled();
      expect(await ledgerOf(usages)).toEqual(ledgerFrom(usages));
    }),
    { numRuns: 10, endOnFailure: true },
  );
  expect(await readViolations(service.db)).toEqual([]);
}, 120_000);

test("a bus that is killed between storing a batch and saying so, again and again, changes nothing in the ledger", async () => {
  const usages = await usageOfOwner(calls - 1);
  for (let first = 0; first < usages.length; first += 10) {
    const publishing = Promise.all([publish(usages.slice(first, first + 10)), publish(usages.slice(0, first + 5))]);
    await service.nats.kill9();
    await service.nats.restart();
    await publishing;
  }
  await settled();
  expect(await ledgerOf(usages)).toEqual(ledgerFrom(usages));
  expect(await readViolations(service.db)).toEqual([]);
}, 120_000);

test("a record with a value that this release does not know waits alone for a newer one, and those of its batch are recorded", async () => {
  const usages = await usageOfOwner(5);
  const [first, ...others] = usages.map(ready);
  const newer = { ...first!, json: JSON.stringify({ ...usages[0], promptTokens: 2 ** 40 }) };
  await publishBatch(router, usageConsumed, { id: "newer", events: [...others, newer] });
  await eventually(async () => {
    const { rows } = await service.db.raw<{ rows: { seq: number }[] }>(
      "select seq from ledger where lease_id = ? and state = 'completed' and entry = 'charge' order by seq",
      [usages[0]?.charges[0]?.leaseId ?? ""],
    );
    expect(rows.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6]);
  });
  const { num_ack_pending } = await service.nats.bus.jsm.consumers.info(durable.stream, durable.name);
  expect([num_ack_pending, await listDeadLetters(service.nats.bus, durable.name)]).toEqual([1, []]);
});
