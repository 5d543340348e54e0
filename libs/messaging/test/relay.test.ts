import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { inTransaction } from "@topdog/postgres/transaction";
import { createMetrics } from "@topdog/telemetry/metrics";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import type { Bus } from "../src/connect.ts";
import { createMessagingMetrics } from "../src/metrics.ts";
import { appendOutbox } from "../src/outbox.ts";
import { createRelay, deleteSentEvents, type Relay } from "../src/relay.ts";
import { onEventBroadcast } from "../src/signal.ts";
import { migrations, snapshot, upTo } from "./setting.ts";

let nats: TestNats;
let billing: Bus;
let scratch: TestDatabase;
let relay: Relay;

beforeAll(async () => {
  nats = await testNats();
  billing = await nats.busOf("billing");
});
afterAll(() => nats.stop());
beforeEach(async () => {
  scratch = await testDatabase({ migrations });
  await nats.bus.jsm.streams.purge("TOPDOG_STATE");
  relay = createRelay({ db: scratch.db, bus: billing, logger: silentLogger() });
});
afterEach(async () => {
  await relay.stop();
  await scratch.drop();
});

const append = (version: number, db = scratch.db): Promise<string> =>
  inTransaction(db, (trx) => appendOutbox(trx, subscriptionUpdated, snapshot(version)));
const unsent = async (): Promise<number> =>
  Number((await scratch.db("outbox").whereNull("sent_at").count())[0]?.["count"]);

/** The versions in the stream, in stream order. */
async function published(): Promise<number[]> {
  const versions: number[] = [];
  for (let seq = 1; ;) {
    const message = await nats.bus.jsm.direct.getMessage("TOPDOG_STATE", {
      seq,
      next_by_subj: subscriptionUpdated.subject,
    });
    if (message === null) return versions;
    versions.push(message.json<{ version: number }>().version);
    seq = message.seq + 1;
  }
}

describe("outbox and relay", () => {
  test("publish what was committed, in order, and nothing that was rolled back", async () => {
    relay.start();
    const lost = inTransaction(scratch.db, async (trx) => {
      await appendOutbox(trx, subscriptionUpdated, snapshot(99));
      throw new Error("rolled back");
    });
    await expect(lost).rejects.toThrow("rolled back");
    for (const version of upTo(5)) await append(version);
    await eventually(async () => expect(await unsent()).toBe(0));
    expect(await published()).toEqual(upTo(5));
  });

  test("two relays over one table publish every event once", async () => {
    for (const version of upTo(150)) await append(version);
    const other = createRelay({ db: scratch.db, bus: billing, logger: silentLogger() });
    relay.start();
    other.start();
    await eventually(async () => expect(await unsent()).toBe(0));
    await other.stop();
    expect((await published()).toSorted((a, b) => a - b)).toEqual(upTo(150));
  });

  test("a killed bus loses no event and stores none twice", async () => {
    relay.start();
    const appending = (async () => {
      for (const version of upTo(300)) await append(version);
    })();
    for (const _ of upTo(2)) {
      await sleep(150);
      await nats.kill9();
      await sleep(150);
      await nats.restart();
    }
    await appending;
    await eventually(async () => expect(await unsent()).toBe(0));
    expect((await published()).toSorted((a, b) => a - b)).toEqual(upTo(300));
  });

  test("a commit that appended wakes the relay, also one of another process: no event waits for the next poll", async () => {
    let arrived = 0;
    const stop = onEventBroadcast(nats.bus, subscriptionUpdated, ({ version }) => (arrived = version));
    await nats.bus.nc.flush();
    const idle = createRelay({ db: scratch.db, bus: billing, logger: silentLogger(), idlePollMs: 3_600_000 });
    idle.start();
    for (const version of upTo(10)) {
      await append(version, version % 2 === 0 ? scratch.db : scratch.owner);
      await eventually(() => expect(arrived).toBe(version));
    }
    stop();
    await idle.stop();
  });

  test("a commit wakes the relay again after its connection for listening was killed", async () => {
    const idle = createRelay({ db: scratch.db, bus: billing, logger: silentLogger(), idlePollMs: 3_600_000 });
    idle.start();
    for (const version of upTo(2)) {
      await append(version);
      await eventually(async () => expect(await unsent()).toBe(0));
      await scratch.db.raw(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query = 'listen topdog_outbox'`);
    }
    await append(3);
    await eventually(async () => expect(await unsent()).toBe(0));
    expect(await published()).toEqual(upTo(3));
    await idle.stop();
  });

  test("sent rows are removed when their time is over, and unsent ones never", async () => {
    await append(1);
    await append(2);
    await scratch
      .db("outbox")
      .where({ seq: 1 })
      .update({ sent_at: scratch.db.raw("now() - interval '2 hours'") });
    await scratch
      .db("outbox")
      .where({ seq: 2 })
      .update({ created_at: scratch.db.raw("now() - interval '9 hours'") });
    await deleteSentEvents(scratch.db, 3_600_000);
    const left: { seq: string }[] = await scratch.db("outbox").select("seq");
    expect(left.map(({ seq }) => Number(seq))).toEqual([2]);
  });

  test("counts what it sent and shows how old the oldest unsent event is", async () => {
    const metrics = createMetrics("test");
    const counted = createRelay({
      db: scratch.db,
      bus: billing,
      logger: silentLogger(),
      metrics: createMessagingMetrics(metrics),
    });
    await append(1);
    counted.start();
    await eventually(async () => expect(await unsent()).toBe(0));
    await eventually(async () => expect(await metrics.text()).toMatch(/outbox_oldest_unsent_seconds\{[^}]*\} 0\n/));
    await counted.stop();
    expect(await metrics.text()).toMatch(/outbox_sent_events_total\{[^}]*\} 1\n/);
  });
});
