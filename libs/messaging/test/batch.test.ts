import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import { untilConsumed } from "@topdog/testing/consumed";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import type { Bus } from "../src/connect.ts";
import type { Consumer } from "../src/consume.ts";
import { type BatchConsumerOptions, createBatchConsumer } from "../src/consume-batch.ts";
import { listDeadLetters, replayDeadLetters } from "../src/dead-letters.ts";
import { batchContentType, maxBatchBytes, readyEvent, type ReadyEvent, splitIntoBatches } from "../src/event-batch.ts";
import { publishBatch, publishEvent, publishStored } from "../src/publish.ts";
import { envelopeHeaders } from "../src/envelope.ts";
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
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ready = (requestId: string): ReadyEvent =>
  readyEvent(
    usageConsumed,
    { ...usageConsumed.example, requestId },
    { id: `id-of-${requestId}`, time: "2026-11-22T10:00:01.250Z", traceparent },
  );
const publish = (events: readonly ReadyEvent[]) =>
  publishBatch(router, usageConsumed, { id: `batch-${(published += 1)}`, events });
const publishNames = (...names: string[]) => publish(names.map(ready));

function start(
  handle: BatchConsumerOptions<UsageConsumed>["handle"],
  over: Partial<BatchConsumerOptions<UsageConsumed>> = {},
): void {
  consumer = createBatchConsumer({
    bus: quota,
    durable: { ...durable, maxDeliveries: 2 },
    event: usageConsumed,
    maxMessages: 50,
    maxEvents: 50,
    maxWaitMs: 100,
    handle,
    logger: silentLogger(),
    backoffMs: () => 20,
    ...over,
  });
  consumer.start();
}

const settled = (): Promise<void> => untilConsumed(nats.bus, durable);
const letters = () => listDeadLetters(nats.bus, durable.name);
const requestIdsOf = (items: readonly { payload: UsageConsumed }[]) => items.map(({ payload }) => payload.requestId);

describe("a batch", () => {
  test("carries each event's own attributes beside its payload, and is stored once however often it is published", async () => {
    const batch = { id: "one-batch", events: [ready("req_1"), ready("req_2")] };
    await publishBatch(router, usageConsumed, batch);
    expect(await publishBatch(router, usageConsumed, batch)).toEqual({ duplicate: true });
    expect((await nats.bus.jsm.streams.info("TOPDOG_USAGE")).state.messages).toBe(1);
    const stored = await nats.bus.jsm.streams.getMessage("TOPDOG_USAGE", { last_by_subj: usageConsumed.subject });
    expect([stored?.header.get("content-type"), stored?.header.get("Nats-Msg-Id")]).toEqual([
      batchContentType,
      "one-batch",
    ]);
    expect(stored?.json()).toEqual(
      ["req_1", "req_2"].map((requestId) => ({
        specversion: "1.0",
        type: usageConsumed.subject,
        source: "/topdog/llm-router",
        datacontenttype: "application/json",
        id: `id-of-${requestId}`,
        time: "2026-11-22T10:00:01.250Z",
        traceparent,
        data: { ...usageConsumed.example, requestId },
      })),
    );
  });

  test("is cut by number and by bytes, each part with an id of its own, and none is too large for the bus", async () => {
    const events = upTo(3000).map((index) => ready(`req_${index}_${"x".repeat(index % 90)}`));
    const bounds = { maxEvents: 900, maxBytes: maxBatchBytes(router.nc.info?.max_payload) };
    const batches = splitIntoBatches(events, bounds);
    expect(batches.flatMap((batch) => batch.events)).toEqual(events);
    expect(new Set(batches.map(({ id }) => id)).size).toBe(batches.length);
    for (const batch of batches) await publishBatch(router, usageConsumed, batch);
    await expect(publish(events)).rejects.toThrow(RangeError);
  });
});

describe("a batch consumer", () => {
  test("hands the events of many messages over together, no more at once than asked for, and each once", async () => {
    const names = upTo(120).map((index) => `req_${index}`);
    for (let first = 0; first < names.length; first += 7) await publishNames(...names.slice(first, first + 7));
    const sizes: number[] = [];
    const seen: string[] = [];
    start(async (items) => {
      sizes.push(items.length);
      seen.push(...requestIdsOf(items));
    });
    await settled();
    expect(seen).toEqual(names);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(sizes.length).toBeLessThan(10);
  });

  test("with two lanes works on two batches at once and no more, and each event comes once", async () => {
    const names = upTo(600).map((index) => `req_${index}`);
    for (let first = 0; first < names.length; first += 10) await publishNames(...names.slice(first, first + 10));
    let [running, most] = [0, 0];
    const seen: string[] = [];
    start(
      async (items) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(...requestIdsOf(items));
        running -= 1;
      },
      { lanes: 2 },
    );
    await settled();
    expect(most).toBe(2);
    expect(seen.toSorted()).toEqual(names.toSorted());
  });

  test("a lone message waits no longer than its time", async () => {
    // The batch never fills. A pull lasts ten seconds: without a time of its own the message might wait for its end.
    let arrived = 0;
    start(async (items) => {
      arrived += items.length;
    });
    await publishNames("req_alone");
    await eventually(() => expect(arrived).toBe(1), { timeoutMs: 8_000 });
  });

  test("an event that is rejected to the last is set aside alone, with its own id, and its neighbours are settled", async () => {
    const counts = new Map<string, number>();
    start(async (items) => {
      const rejected = new Map<number, Error>();
      for (const [index, requestId] of requestIdsOf(items).entries()) {
        counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
        if (requestId === "req_bad") rejected.set(index, new Error("bad"));
      }
      return { rejected };
    });
    await publishNames("req_1", "req_bad", "req_2");
    await publishNames("req_3");
    await settled();
    expect(Object.fromEntries(counts)).toEqual({ req_1: 2, req_bad: 2, req_2: 2, req_3: 1 });
    expect(await letters()).toMatchObject([
      { eventId: "id-of-req_bad", subject: usageConsumed.subject, deliveries: 2, reason: "Error: bad" },
    ]);
    expect(JSON.parse((await letters())[0]?.payload ?? "")).toMatchObject({ requestId: "req_bad" });
  });

  test("a dead letter of a batch is replayed as a message of its own, and handled", async () => {
    let isBroken = true;
    const done: string[] = [];
    start(async (items) => {
      const rejected = new Map<number, Error>();
      for (const [index, requestId] of requestIdsOf(items).entries()) {
        if (isBroken && requestId === "req_bad") rejected.set(index, new Error("bad"));
        else done.push(requestId);
      }
      return { rejected };
    });
    await publishNames("req_bad", "req_good");
    await eventually(async () => expect(await letters()).toHaveLength(1));
    isBroken = false;
    expect(await replayDeadLetters(nats.bus, durable.name)).toBe(1);
    await eventually(() => expect(done).toContain("req_bad"));
    expect(await letters()).toEqual([]);
  });

  test("events that break a whole batch cannot take their neighbours along", async () => {
    const done = new Set<string>();
    await publishNames(...upTo(20).map((index) => `req_${index}`));
    await publishNames("req_poison_1", ...upTo(20).map((index) => `req_${index + 20}`), "req_poison_2");
    let calls = 0;
    start(async (items) => {
      calls += 1;
      const names = requestIdsOf(items);
      if (names.some((name) => name.startsWith("req_poison"))) throw new Error("poisoned");
      for (const name of names) done.add(name);
    });
    await settled();
    expect((await letters()).map(({ eventId }) => eventId)).toEqual(["id-of-req_poison_1", "id-of-req_poison_2"]);
    expect(done.size).toBe(40);
    expect(calls).toBeLessThan(60);
  });

  test("what is not as its contract says is set aside alone: at once what is no event of its publisher, at last a bad payload", async () => {
    const handled: string[] = [];
    start(async (items) => void handled.push(...requestIdsOf(items)));
    const [good, bad] = [ready("req_good"), { ...ready("req_bad"), json: '{"requestId":"req_bad"}' }];
    await publish([good, bad]);
    const event = JSON.parse(
      `{"specversion":"1.0","id":"x","type":"${usageConsumed.subject}","source":"/topdog/llm-router","time":"","data":${good.json}}`,
    ) as object;
    const odd = [{ ...event, source: "/topdog/billing\n" }, { ...event, type: "topdog.x.y.v1" }, null, 7, event];
    await publishRaw(JSON.stringify(odd));
    await publishRaw("{");
    await publishRaw("{}");
    await publishRaw(JSON.stringify(upTo(5000)));
    await settled();
    // Twice its own: the bad payload beside it was delivered again, in case that a newer release knows it.
    expect(handled).toEqual(["req_good", "req_good", "req_good"]);
    const found = await letters();
    expect(found.map(({ reason, deliveries }) => `${deliveries} ${reason}`)).toEqual([
      '1 invalid: ce-source is "/topdog/billing\\n", not /topdog/llm-router or /topdog/gateway',
      '1 invalid: type is "topdog.x.y.v1"',
      '1 invalid: type is "absent"',
      '1 invalid: type is "absent"',
      "1 invalid: not JSON",
      "1 invalid: not a batch",
      "1 invalid: a batch of 5000 events",
      expect.stringMatching(/^2 invalid: charges: /),
    ]);
    expect(found.at(-1)).toMatchObject({ eventId: "id-of-req_bad", payload: '{"requestId":"req_bad"}' });
  });

  test("an event in a message of its own is understood too", async () => {
    const handled: unknown[] = [];
    start(async (items) => void handled.push(...items.map(({ payload, meta }) => [payload.requestId, meta.id])));
    await publishEvent(router, usageConsumed, { ...usageConsumed.example, requestId: "req_single" }, { id: "single" });
    await eventually(() => expect(handled).toEqual([["req_single", "single"]]));
  });
});

async function publishRaw(body: string): Promise<void> {
  const fields = { id: "raw", type: "raw", source: "llm-router", time: new Date(0), traceparent: undefined };
  const headers = envelopeHeaders(fields);
  headers.set("content-type", batchContentType);
  const message = { subject: usageConsumed.subject, body: Buffer.from(body), headers, id: `raw-${(published += 1)}` };
  await publishStored(router, message, 5_000);
}
