import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { durables, streams } from "@topdog/contracts/topology";
import type { LocalNats } from "@topdog/local-stack/nats-server";
import { inTransaction } from "@topdog/postgres/transaction";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNatsCluster, type TestNatsCluster } from "@topdog/testing/nats-cluster";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import type { Bus } from "../src/connect.ts";
import { listDeadLetters } from "../src/dead-letters.ts";
import { appendOutbox } from "../src/outbox.ts";
import { createRelay } from "../src/relay.ts";
import { applyTopology } from "../src/topology.ts";
import { durable, effectConsumer, effects, migrations, snapshot, upTo } from "./setting.ts";

const replicas = 3;
let cluster: TestNatsCluster;
let operator: Bus;
let database: TestDatabase;

beforeAll(async () => {
  [cluster, database] = await Promise.all([testNatsCluster(replicas), testDatabase({ migrations })]);
  operator = await cluster.connect("operator");
});
afterAll(async () => {
  await Promise.all([cluster.stop(), database.drop()]);
});

const leaderOf = async (stream: string): Promise<LocalNats> => {
  const { cluster: state } = await operator.jsm.streams.info(stream);
  const leader = cluster.servers.find(({ name }) => name === state?.leader);
  if (leader === undefined) throw new Error(`${stream} has no leader`);
  return leader;
};

test("the topology is applied with three copies of everything", async () => {
  await applyTopology(operator, { replicas });
  for (const { name } of streams) {
    const { config, cluster: state } = await operator.jsm.streams.info(name);
    expect([name, config.num_replicas, state?.replicas?.length]).toEqual([name, replicas, replicas - 1]);
  }
  for (const { stream, name } of durables) {
    const { cluster: state } = await operator.jsm.consumers.info(stream, name);
    expect([name, state?.replicas?.length]).toEqual([name, replicas - 1]);
  }
});

test("no event is lost, doubled or buried when the server that leads the stream is killed under load, and publishers and consumers go on", async () => {
  const { db } = database;
  const [billing, ...quotas] = await Promise.all([
    cluster.connect("billing"),
    cluster.connect("quota"),
    cluster.connect("quota"),
  ]);
  const relay = createRelay({ db, bus: billing, logger: silentLogger() });
  const consumers = quotas.map((quota) => effectConsumer(quota, { db }));
  for (const part of [relay, ...consumers]) part.start();
  const stage = { appended: 0, isOver: false };
  const appending = (async () => {
    while (!stage.isOver) {
      const version = stage.appended + 1;
      await inTransaction(db, (trx) => appendOutbox(trx, subscriptionUpdated, snapshot(version)));
      stage.appended = version;
      await sleep(5);
    }
  })();
  const catchUp = async (): Promise<void> => {
    const wanted = stage.appended;
    await eventually(async () => expect((await effects({ db })).length).toBeGreaterThan(wanted), { intervalMs: 50 });
  };
  await catchUp();
  const leader = await leaderOf(durable.stream);
  await leader.kill9();
  // With two of three servers.
  await catchUp();
  expect(await leaderOf(durable.stream)).not.toBe(leader);
  await leader.restart();
  stage.isOver = true;
  await appending;
  await eventually(async () => expect(await effects({ db })).toEqual(upTo(stage.appended)), { intervalMs: 50 });
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  await relay.stop();
  expect(await listDeadLetters(operator)).toEqual([]);
});
