import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { migrate } from "@topdog/postgres/migrate";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { ownPostgres, type OwnPostgres } from "@topdog/testing/own-postgres";
import type { Bus } from "../src/connect.ts";
import { listDeadLetters } from "../src/dead-letters.ts";
import { appendOutbox } from "../src/outbox.ts";
import { publishEvent } from "../src/publish.ts";
import { createRelay } from "../src/relay.ts";
import { durable, effectConsumer, effects, migrations, snapshot, upTo } from "./setting.ts";

/** Shorter than in production: what was on the wire when the bus died comes again after this long. */
const ackWaitMs = 1_500;
let nats: TestNats;
let billing: Bus;
let quota: Bus;
let postgres: OwnPostgres;
let db: Database;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), ownPostgres()]);
  [billing, quota] = await Promise.all([nats.busOf("billing"), nats.busOf("quota")]);
  db = createDatabase({ url: postgres.adminUrl, applicationName: "outage-test" });
  await migrate(db, migrations);
  await nats.bus.jsm.consumers.update(durable.stream, durable.name, { ack_wait: ackWaitMs * 1_000_000 });
});
afterAll(async () => {
  await db.destroy();
  await Promise.all([nats.stop(), postgres.stop()]);
});

describe("from the outbox to the effect", () => {
  test("no event is lost, doubled or buried while the bus and the database are killed in turn", async () => {
    const relay = createRelay({ db, bus: billing, logger: silentLogger() });
    // Two deliveries only: if an outage cost deliveries, events would be buried.
    const options = { durable: { ...durable, maxDeliveries: 2, ackWaitMs } };
    const consumers = [effectConsumer(quota, { db }, options), effectConsumer(quota, { db }, options)];
    relay.start();
    for (const consumer of consumers) consumer.start();
    const total = 250;
    const appending = (async () => {
      for (const version of upTo(total)) await appendUntilCommitted(version);
    })();
    await sleep(200);
    await postgres.kill9();
    await sleep(300);
    await postgres.restart();
    await sleep(300);
    await nats.kill9();
    await sleep(300);
    await nats.restart();
    await sleep(200);
    await db.raw(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
    );
    await appending;
    await eventually(async () => expect(await effects({ db })).toEqual(upTo(total)), {
      timeoutMs: 45_000,
      intervalMs: 100,
    });
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await relay.stop();
    expect(await listDeadLetters(nats.bus)).toEqual([]);
  });
});

describe("a database that is there and takes no writes", () => {
  test("read-only for longer than all deliveries take: nothing is buried, and everything is handled when it takes writes again", async () => {
    await db("effect").delete();
    const consumer = effectConsumer(quota, { db }, { durable: { ...durable, maxDeliveries: 2, ackWaitMs } });
    await db.raw("alter system set default_transaction_read_only = on");
    await db.raw("select pg_reload_conf()");
    const isReadOnly = async (expected: "on" | "off"): Promise<void> =>
      eventually(async () => {
        const { rows } = await db.raw<{ rows: { value: string }[] }>(
          "select current_setting('default_transaction_read_only') as value",
        );
        expect(rows[0]?.value).toBe(expected);
      });
    await isReadOnly("on");
    for (const version of [1_001, 1_002])
      await publishEvent(billing, subscriptionUpdated, snapshot(version), { id: `ro-${version}` });
    consumer.start();
    // Two deliveries would be used up within 20 ms.
    await sleep(1_000);
    expect(await effects({ db })).toEqual([]);
    await db.raw("alter system reset default_transaction_read_only");
    await db.raw("select pg_reload_conf()");
    await eventually(async () => expect(await effects({ db })).toEqual([1_001, 1_002]));
    await consumer.stop();
    expect(await listDeadLetters(nats.bus)).toEqual([]);
  });
});

/** As an idempotent use case does: after an error nobody knows whether it was committed, so the id decides. */
async function appendUntilCommitted(version: number): Promise<void> {
  const id = `chain-${version}`;
  for (;;) {
    try {
      await inTransaction(db, async (trx) => {
        if ((await trx("outbox").where({ id })).length === 0)
          await appendOutbox(trx, subscriptionUpdated, snapshot(version), { id });
      });
      return;
    } catch {
      await sleep(20);
    }
  }
}
