import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import type { Bus } from "../src/connect.ts";
import { createBatchConsumer, type BatchConsumerOptions, type Consumer } from "../src/consume.ts";
import { listDeadLetters } from "../src/dead-letters.ts";
import { publishEvent } from "../src/publish.ts";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { upTo } from "./setting.ts";

let nats: TestNats;
let router: Bus;
let quota: Bus;
let consumer: Consumer | undefined;
const durable = durableFor("quota", usageConsumed.subject);

beforeAll(async () => {
  nats = await testNats();
  [router, quota] = await Promise.all([nats.busOf("llm-router"), nats.busOf("quota")]);
});
afterAll(() => nats.stop());
afterEach(async () => {
  await consumer?.stop();
  for (const stream of ["TOPDOG_USAGE", "TOPDOG_DEAD_LETTERS"]) await nats.bus.jsm.streams.purge(stream);
});

let published = 0;
const publish = (requestId: string): Promise<unknown> =>
  publishEvent(router, usageConsumed, { ...usageConsumed.example, requestId }, { id: `usage-${(published += 1)}` });

function start(
  handle: BatchConsumerOptions<UsageConsumed>["handle"],
  over: Partial<BatchConsumerOptions<UsageConsumed>> = {},
): void {
  consumer = createBatchConsumer({
    bus: quota,
    durable: { ...durable, maxDeliveries: 2 },
    event: usageConsumed,
    maxBatch: 50,
    maxWaitMs: 100,
    handle,
    logger: silentLogger(),
    backoffMs: () => 20,
    ...over,
  });
  consumer.start();
}

const settled = (): Promise<void> =>
  eventually(async () => {
    const { num_pending, num_ack_pending } = await nats.bus.jsm.consumers.info(durable.stream, durable.name);
    expect(num_pending + num_ack_pending).toBe(0);
  });

describe("a batch consumer", () => {
  test("hands events over in batches no larger than asked for, and each once", async () => {
    const names = upTo(120).map((index) => `req_${index}`);
    await Promise.all(names.map(publish));
    const sizes: number[] = [];
    const seen: string[] = [];
    start(async (items) => {
      sizes.push(items.length);
      seen.push(...items.map(({ payload }) => payload.requestId));
    });
    await settled();
    expect(seen.toSorted()).toEqual(names.toSorted());
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(sizes.length).toBeLessThan(10);
  });

  test("a lone event waits no longer than its time", async () => {
    // The batch never fills. A pull lasts ten seconds: without a time of its own the event might wait for its end.
    let arrived = 0;
    start(async (items) => {
      arrived += items.length;
    });
    await publish("req_alone");
    await eventually(() => expect(arrived).toBe(1), { timeoutMs: 8_000 });
  });

  test("a rejected item is delivered again and then set aside, the others are not touched", async () => {
    const counts = new Map<string, number>();
    start(async (items) => {
      const rejected = new Map<number, Error>();
      for (const [index, { payload }] of items.entries()) {
        counts.set(payload.requestId, (counts.get(payload.requestId) ?? 0) + 1);
        if (payload.requestId === "req_bad") rejected.set(index, new Error("bad"));
      }
      return { rejected };
    });
    await Promise.all(["req_1", "req_bad", "req_2"].map(publish));
    await eventually(async () => expect(await listDeadLetters(nats.bus, durable.name)).toHaveLength(1));
    await settled();
    expect(Object.fromEntries(counts)).toEqual({ req_1: 1, req_bad: 2, req_2: 1 });
  });

  test("one event that breaks a whole batch cannot take its neighbours along", async () => {
    const done = new Set<string>();
    await Promise.all(["req_1", "req_poison", "req_2"].map(publish));
    start(async (items) => {
      if (items.some(({ payload }) => payload.requestId === "req_poison")) throw new Error("poisoned");
      for (const { payload } of items) done.add(payload.requestId);
    });
    await eventually(async () => expect(await listDeadLetters(nats.bus, durable.name)).toHaveLength(1));
    await settled();
    expect([...done].toSorted()).toEqual(["req_1", "req_2"]);
  });
});
