import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import { eventually } from "@topdog/testing/eventually";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { publishEvent } from "../src/publish.ts";
import { onEventBroadcast, onSignal, sendSignal } from "../src/signal.ts";
import { connect } from "./setting.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

test("every process hears a signal and a broadcast event, and a malformed one or a failing handler stops neither", async () => {
  const heard: unknown[] = [];
  const buses = [await connect(nats, "gateway"), await connect(nats, "gateway")];
  const quota = await nats.busOf("quota");
  for (const bus of buses) {
    onSignal(bus, quotaRecalled, (payload) => {
      heard.push(payload.owner);
      throw new Error("handler failed");
    });
    onEventBroadcast(bus, apiKeyRevoked, (payload, meta) => heard.push([payload.keyId, meta.id]));
    await bus.nc.flush();
  }
  nats.bus.nc.publish(quotaRecalled.subject, "not json");
  nats.bus.nc.publish(apiKeyRevoked.subject, "{}");
  sendSignal(quota, quotaRecalled, quotaRecalled.example);
  sendSignal(quota, quotaRecalled, { ...quotaRecalled.example, owner: "user:usr_9" });
  await publishEvent(await nats.busOf("org-registry"), apiKeyRevoked, apiKeyRevoked.example, { id: "revoked-1" });
  await eventually(() => expect(heard).toHaveLength(6));
  expect(heard.filter((one) => one === "user:usr_9")).toHaveLength(2);
  expect(heard.filter((one) => Array.isArray(one))).toEqual([
    ["key_1", "revoked-1"],
    ["key_1", "revoked-1"],
  ]);
  await Promise.all(buses.map((bus) => bus.close()));
});

test("a subscription hears again after the bus was killed, and its owner is told to flush", async () => {
  const bus = await connect(nats, "gateway");
  let heard = 0;
  let flushed = 0;
  onEventBroadcast(bus, apiKeyRevoked, () => (heard += 1));
  bus.onReconnect(() => (flushed += 1));
  await nats.kill9();
  await eventually(() => expect(bus.isConnected()).toBe(false));
  sendSignal(bus, quotaRecalled, quotaRecalled.example);
  await nats.restart();
  await eventually(() => expect([bus.isConnected(), flushed]).toEqual([true, 1]));
  await bus.nc.flush();
  await publishEvent(await nats.busOf("org-registry"), apiKeyRevoked, apiKeyRevoked.example, { id: "revoked-2" });
  await eventually(() => expect(heard).toBe(1));
  await bus.close();
});

test("a server that hangs silently is noticed, and the connection is made again when it is back", async () => {
  const bus = await connect(nats, "gateway");
  nats.freeze(true);
  try {
    await eventually(() => expect(bus.isConnected()).toBe(false), { timeoutMs: 60_000 });
  } finally {
    nats.freeze(false);
  }
  await eventually(() => expect(bus.isConnected()).toBe(true), { timeoutMs: 60_000 });
  await bus.close();
}, 150_000);

test("a connection that ends for good tells its process", async () => {
  const { connectBus } = await import("../src/connect.ts");
  let told: Error | undefined;
  const { silentLogger } = await import("@topdog/testing/logger");
  const bus = await connectBus({
    url: nats.url,
    name: "gateway",
    seed: nats.seedOf("gateway"),
    logger: silentLogger(),
    onFatal: (error) => (told = error),
  });
  await bus.nc.close();
  await eventually(() => expect(told?.message).toContain("ended for good"));
});
