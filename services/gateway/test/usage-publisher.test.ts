import { expect, test } from "@jest/globals";
import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { EventBatch } from "@topdog/messaging/event-batch";
import { eventually } from "@topdog/testing/eventually";
import { createUsagePublisher, type UsagePublisher } from "../src/clients/usage-publisher.ts";

const usageOf = (seq: number): UsageConsumed => ({
  ...usageConsumed.example,
  charges: [{ meter: "api_calls", leaseId: "1", seq }],
});

interface Rig {
  readonly publisher: UsagePublisher;
  readonly sent: EventBatch[];
  readonly outcomes: Record<string, number>;
  isBusUp: boolean;
}

function rig(maxQueued: number): Rig {
  const sent: EventBatch[] = [];
  const outcomes: Record<string, number> = {};
  const publisher = createUsagePublisher({
    send: async (batch) => {
      sent.push(batch);
      if (!made.isBusUp) throw new Error("the bus is away");
    },
    maxBatchBytes: () => 512 * 1024,
    maxQueued,
    onOutcome: (outcome, records) => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + records),
  });
  const made: Rig = { publisher, sent, outcomes, isBusUp: true };
  return made;
}

const idsOf = (batches: readonly EventBatch[]): string[] => batches.flatMap(({ events }) => events.map(({ id }) => id));

test("what gathers while the bus is away leaves in one batch behind the first, which keeps its id over all retries", async () => {
  const away = rig(1000);
  away.isBusUp = false;
  for (let seq = 1; seq <= 100; seq += 1) away.publisher.publish(usageOf(seq));
  await eventually(() => expect(away.sent.length).toBeGreaterThan(1));
  expect(new Set(away.sent.map(({ id }) => id)).size).toBe(1);
  away.isBusUp = true;
  await eventually(() => expect(away.publisher.queued()).toBe(0));
  expect(away.outcomes["published"]).toBe(100);
  expect(away.sent.at(-1)?.events).toHaveLength(99);
  expect(new Set(idsOf(away.sent)).size).toBe(100);
  await away.publisher.stop(0);
});

test("beyond its bound the newest are dropped, and a stop drops what is left: each is counted", async () => {
  const full = rig(10);
  full.isBusUp = false;
  for (let seq = 1; seq <= 15; seq += 1) full.publisher.publish(usageOf(seq));
  expect([full.publisher.queued(), full.outcomes["dropped"]]).toEqual([10, 5]);
  await full.publisher.stop(0);
  expect(full.outcomes["dropped"]).toBe(15);
});

test("a record that breaks its contract is dropped alone", async () => {
  const { publisher, sent, outcomes } = rig(10);
  publisher.publish({ ...usageOf(1), promptTokens: -1 });
  publisher.publish(usageOf(2));
  await publisher.stop(5_000);
  expect([idsOf(sent), outcomes]).toEqual([["1:2"], { dropped: 1, published: 1 }]);
});
