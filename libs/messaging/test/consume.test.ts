import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { MsgHdrs } from "@nats-io/transport-node";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { untilConsumed } from "@topdog/testing/consumed";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { answerReplays } from "../src/answer-replays.ts";
import type { Bus } from "../src/connect.ts";
import type { Consumer } from "../src/consume.ts";
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from "../src/dead-letters.ts";
import { envelopeHeaders } from "../src/envelope.ts";
import { ImpossibleEventError } from "../src/impossible-event.ts";
import { publishEvent } from "../src/publish.ts";
import { callRpc } from "../src/rpc.ts";
import { applyTopology } from "../src/topology.ts";
import { durable, effectConsumer, effects, migrations, snapshot, upTo } from "./setting.ts";

let nats: TestNats;
let billing: Bus;
let quota: Bus;
let operator: Bus;
let scratch: TestDatabase;
let consumer: Consumer | undefined;

beforeAll(async () => {
  nats = await testNats();
  [billing, quota, operator] = await Promise.all([nats.busOf("billing"), nats.busOf("quota"), nats.busOf("operator")]);
});
afterAll(() => nats.stop());
beforeEach(async () => {
  scratch = await testDatabase({ migrations });
});
afterEach(async () => {
  await consumer?.stop();
  consumer = undefined;
  await scratch.drop();
  for (const stream of ["TOPDOG_STATE", "TOPDOG_DEAD_LETTERS"]) await nats.bus.jsm.streams.purge(stream);
});

let published = 0;
const publish = (version: number, id = `event-${(published += 1)}`): Promise<{ duplicate: boolean }> =>
  publishEvent(billing, subscriptionUpdated, snapshot(version), { id });
const settled = (): Promise<void> => untilConsumed(nats.bus, durable);

describe("a consumer", () => {
  test("has one effect per event, in order", async () => {
    consumer = effectConsumer(quota, scratch);
    consumer.start();
    for (const version of upTo(50)) await publish(version);
    await settled();
    expect(await scratch.db("effect").orderBy("id").pluck("version")).toEqual(upTo(50));
  });

  test("has one effect for an event that the bus holds twice, also with another consumer of the same durable", async () => {
    const other = effectConsumer(quota, scratch);
    for (const version of upTo(20)) await publish(version, `same-${version}`);
    const copies = await Promise.all(
      upTo(20).map(async (version) => {
        const stored = await nats.bus.jsm.direct.getMessage(durable.stream, { last_by_subj: durable.subject });
        const { header } = stored ?? {};
        header?.set("ce-id", `same-${version}`);
        header?.delete("Nats-Msg-Id");
        return billing.js.publish(
          durable.subject,
          JSON.stringify(snapshot(version)),
          header === undefined ? {} : { headers: header },
        );
      }),
    );
    expect(copies.every(({ duplicate }) => !duplicate)).toBe(true);
    consumer = effectConsumer(quota, scratch);
    consumer.start();
    other.start();
    await settled();
    await other.stop();
    expect(await effects(scratch)).toEqual(upTo(20));
  });

  test("tries a failing event again, and nothing of a failed attempt stays", async () => {
    const attempts: number[] = [];
    consumer = effectConsumer(quota, scratch, {
      handle: async (trx, { owner, version }, meta) => {
        attempts.push(meta.deliveryCount);
        await trx("effect").insert({ owner, version });
        if (meta.deliveryCount < 3) throw new Error("not yet");
      },
    });
    consumer.start();
    await publish(1);
    await settled();
    expect([attempts, await effects(scratch)]).toEqual([[1, 2, 3], [1]]);
  });

  test("keeps a slow event to itself for longer than the ack wait would allow", async () => {
    await nats.bus.jsm.consumers.update(durable.stream, durable.name, { ack_wait: 4_000_000_000 });
    let runs = 0;
    const options = {
      durable: { ...durable, ackWaitMs: 4_000 },
      handle: async () => {
        runs += 1;
        await sleep(6_000);
      },
    };
    consumer = effectConsumer(quota, scratch, options);
    const other = effectConsumer(quota, scratch, options);
    consumer.start();
    other.start();
    await publish(1);
    await settled();
    await other.stop();
    await applyTopology(nats.bus);
    expect(runs).toBe(1);
  });

  test("gives back what it did not begin when it stops", async () => {
    // What is not given back would come again only after this, which is longer than the test waits.
    await nats.bus.jsm.consumers.update(durable.stream, durable.name, { ack_wait: 120_000_000_000 });
    consumer = effectConsumer(quota, scratch, {
      durable: { ...durable, ackWaitMs: 120_000 },
      handle: async (trx, { owner, version }) => {
        await sleep(100);
        await trx("effect").insert({ owner, version });
      },
    });
    for (const version of upTo(10)) await publish(version);
    consumer.start();
    await eventually(async () => expect((await effects(scratch)).length).toBeGreaterThan(0));
    await consumer.stop();
    const next = effectConsumer(quota, scratch);
    next.start();
    await eventually(async () => expect(await effects(scratch)).toEqual(upTo(10)));
    await next.stop();
    await applyTopology(nats.bus);
  });

  test("goes on by itself after the bus was killed", async () => {
    // What was on the wire when the bus died comes again after the ack wait.
    await nats.bus.jsm.consumers.update(durable.stream, durable.name, { ack_wait: 1_000_000_000 });
    consumer = effectConsumer(quota, scratch, { durable: { ...durable, ackWaitMs: 1_000 } });
    consumer.start();
    for (const version of upTo(20)) await publish(version);
    await nats.kill9();
    await sleep(300);
    await nats.restart();
    for (const version of upTo(20)) await publish(20 + version);
    await settled();
    await applyTopology(nats.bus);
    expect(await effects(scratch)).toEqual(upTo(40));
  });

  test("waits for a bus that lost everything until the operator applies the topology again", async () => {
    consumer = effectConsumer(quota, scratch);
    consumer.start();
    await publish(1);
    await settled();
    await nats.restartEmpty();
    await eventually(() => expect(quota.isConnected()).toBe(true));
    await sleep(300);
    await expect(nats.bus.jsm.consumers.info(durable.stream, durable.name)).rejects.toThrow("not found");
    await applyTopology(nats.bus);
    await publish(2);
    await eventually(async () => expect(await effects(scratch)).toEqual([1, 2]));
  });
});

describe("dead letters", () => {
  const broken = { isBroken: true };
  const start = (): void => {
    broken.isBroken = true;
    consumer = effectConsumer(quota, scratch, {
      durable: { ...durable, maxDeliveries: 3 },
      handle: async (trx, { owner, version }) => {
        if (broken.isBroken && version === 2) throw new Error("cannot apply 2");
        await trx("effect").insert({ owner, version });
      },
    });
    consumer.start();
  };
  const buried = (count: number) =>
    eventually(async () => {
      const letters = await listDeadLetters(operator, durable.name);
      expect(letters).toHaveLength(count);
      return letters;
    });

  test("an event that always fails is set aside after its deliveries, and stops nobody", async () => {
    start();
    for (const version of upTo(3)) await publish(version, `dead-${version}`);
    const [letter] = await buried(1);
    await settled();
    expect(await effects(scratch)).toEqual([1, 3]);
    expect(letter).toMatchObject({
      durable: durable.name,
      eventId: "dead-2",
      subject: subscriptionUpdated.subject,
      reason: "Error: cannot apply 2",
      deliveries: 3,
    });
    expect(JSON.parse(letter?.payload ?? "")).toEqual(snapshot(2));
  });

  test("a replayed letter has its effect once, and leaves the list", async () => {
    start();
    for (const version of upTo(3)) await publish(version);
    const [letter] = await buried(1);
    broken.isBroken = false;
    expect(await replayDeadLetters(operator, durable.name, letter?.seq)).toBe(1);
    await eventually(async () => expect(await effects(scratch)).toEqual([1, 2, 3]));
    await buried(0);
    await expect(replayDeadLetters(operator, durable.name, letter?.seq)).rejects.toMatchObject({ code: "not_found" });
  });

  test("its own service handles a letter again when it is asked to: it stays until that succeeds, and has its effect once", async () => {
    start();
    const replays = answerReplays({ bus: quota, logger: silentLogger() }, replayDeadLetterOf.quota, [
      consumer as Consumer,
    ]);
    await publish(2);
    const [letter] = await buried(1);
    const registry = await nats.busOf("org-registry");
    const ask = (name = durable.name, seq = letter?.seq ?? 0) =>
      callRpc(registry, replayDeadLetterOf.quota, { durable: name, seq }, { timeoutMs: 30_000 });
    await expect(ask()).rejects.toMatchObject({ code: "conflict", detail: expect.stringContaining("cannot apply 2") });
    await buried(1);
    expect(await effects(scratch)).toEqual([]);
    broken.isBroken = false;
    expect(await ask()).toEqual({ outcome: "handled" });
    expect(await ask()).toEqual({ outcome: "duplicate" });
    expect(await effects(scratch)).toEqual([2]);
    // The letters of other consumers, and what is no letter, are not its own.
    await expect(ask("billing-on-org-updated")).rejects.toMatchObject({ code: "not_found" });
    await expect(ask(durable.name, 1_000_000)).rejects.toMatchObject({ code: "not_found" });
    await replays.stop();
  });

  test("a letter that fails again is set aside again", async () => {
    start();
    await publish(2);
    const [first] = await buried(1);
    expect(await replayDeadLetters(operator, durable.name)).toBe(1);
    await eventually(async () => {
      const [again] = await listDeadLetters(operator, durable.name);
      expect(again?.seq).toBeGreaterThan(first?.seq ?? 0);
    });
  });

  test("a dropped letter is gone, and only that one", async () => {
    start();
    await publish(2, "keep");
    await publish(2, "drop");
    const letters = await buried(2);
    const drop = letters.find(({ eventId }) => eventId === "drop");
    expect(await dropDeadLetters(operator, durable.name, drop?.seq)).toBe(1);
    expect((await listDeadLetters(operator)).map(({ eventId }) => eventId)).toEqual(["keep"]);
    expect(await dropDeadLetters(operator, durable.name)).toBe(1);
    expect(await listDeadLetters(operator, durable.name)).toEqual([]);
  });

  test("an event that its handler finds impossible is set aside at once", async () => {
    consumer = effectConsumer(quota, scratch, {
      handle: async () => {
        throw new ImpossibleEventError("version 9 cannot follow version 1");
      },
    });
    consumer.start();
    await publish(9);
    const [letter] = await buried(1);
    expect(letter).toMatchObject({ reason: "invalid: version 9 cannot follow version 1", deliveries: 1 });
  });

  test("an event with a value that this release does not know waits for one that does", async () => {
    start();
    const headers = envelopeHeaders({
      id: "newer",
      type: durable.subject,
      source: "billing",
      time: new Date(),
      traceparent: undefined,
    });
    await billing.js.publish(durable.subject, JSON.stringify({ ...snapshot(1), plan: "galactic" }), { headers });
    const [letter] = await buried(1);
    // Only after all its deliveries, each of which another replica may have had.
    expect(letter).toMatchObject({ deliveries: 3, reason: expect.stringMatching(/^invalid: plan: /) });
  });

  test("a message that is no event of its publisher is set aside at once; one that breaks its schema at last", async () => {
    const envelope = (source: string): { headers: MsgHdrs } => ({
      headers: envelopeHeaders({ id: "x", type: durable.subject, source, time: new Date(), traceparent: undefined }),
    });
    await billing.js.publish(durable.subject, "not json", envelope("billing"));
    await billing.js.publish(durable.subject, JSON.stringify({ ...snapshot(1), seats: -1 }), envelope("billing"));
    await billing.js.publish(durable.subject, JSON.stringify(snapshot(1)), envelope("quota"));
    await billing.js.publish(durable.subject, JSON.stringify(snapshot(1)));
    // Not sooner: the second one's deliveries might be over before the others are there.
    start();
    const letters = await buried(4);
    await settled();
    expect(letters.map(({ reason, deliveries }) => [reason.slice(0, 15), deliveries])).toEqual([
      ["invalid: not JS", 1],
      ["invalid: ce-sou", 1],
      ["invalid: ce-sou", 1],
      ["invalid: seats:", 3],
    ]);
    expect(await effects(scratch)).toEqual([]);
  });
});
