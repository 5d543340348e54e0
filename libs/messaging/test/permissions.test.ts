import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  connect as connectRaw,
  nkeyAuthenticator,
  nkeys,
  PermissionViolationError,
  type NatsConnection,
} from "@nats-io/transport-node";
import { inboxPrefixOf } from "@topdog/contracts/bus-access";
import { eventCatalog } from "@topdog/contracts/events/catalog";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { rpcCatalog } from "@topdog/contracts/rpc/catalog";
import { syncLeases } from "@topdog/contracts/rpc/sync-leases";
import { type ServiceName, serviceNames } from "@topdog/contracts/services";
import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import { signalCatalog } from "@topdog/contracts/signals/catalog";
import { deadLetterStream, deadLetterSubject, durables, streams } from "@topdog/contracts/topology";
import { createMetrics } from "@topdog/telemetry/metrics";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { connectBus } from "../src/connect.ts";
import { publishEvent } from "../src/publish.ts";
import { callRpc, serveRpc } from "../src/rpc.ts";
import { onEventBroadcast, sendSignal } from "../src/signal.ts";

let nats: TestNats;
let connections: readonly Watched[];
beforeAll(async () => {
  nats = await testNats();
  connections = await Promise.all(serviceNames.map(openWatched));
});
afterAll(async () => {
  await Promise.all(connections.map(({ nc }) => nc.close()));
  await nats.stop();
});

type Attempt = (nc: NatsConnection) => unknown;

interface Watched {
  readonly service: ServiceName;
  readonly nc: NatsConnection;
  /** How often the server refused something on this connection. */
  refusals: number;
}

/** A plain connection, without this library between the test and the server's verdict. */
async function openWatched(service: ServiceName): Promise<Watched> {
  const nc = await connectRaw({
    servers: nats.url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(nats.seedOf(service))),
    inboxPrefix: inboxPrefixOf(service),
    // On a busy machine the first attempt may take longer than it may.
    waitOnFirstConnect: true,
  });
  const watched = { service, nc, refusals: 0 };
  void (async () => {
    for await (const status of nc.status())
      if (status.type === "error" && status.error instanceof PermissionViolationError) watched.refusals += 1;
  })();
  return watched;
}

const publishTo =
  (subject: string): Attempt =>
  (nc) =>
    nc.publish(subject, "{}");
const listenTo =
  (subject: string, queue?: string): Attempt =>
  (nc) =>
    nc.subscribe(subject, { max: 1, callback: () => undefined, ...(queue === undefined ? {} : { queue }) });

/** The services to which the server did not refuse `attempt`. */
async function allowedOf(attempt: Attempt): Promise<ServiceName[]> {
  const verdicts = await Promise.all(
    connections.map(async (one) => {
      const before = one.refusals;
      attempt(one.nc);
      // The server answers in order: after this everything that it refuses has been said.
      await one.nc.flush();
      await setImmediate();
      return one.refusals === before ? [one.service] : [];
    }),
  );
  return verdicts.flat();
}

const inOrder = (services: readonly ServiceName[]): ServiceName[] =>
  serviceNames.filter((one) => services.includes(one));

describe("each service may do what the contracts say, and nothing else:", () => {
  test.each(eventCatalog.map((event) => [event.subject, event] as const))("publish and hear %s", async (_, event) => {
    expect(await allowedOf(publishTo(event.subject))).toEqual(inOrder(event.publishers));
    expect(await allowedOf(listenTo(event.subject))).toEqual(inOrder(event.listeners));
  });

  test.each(rpcCatalog.map((rpc) => [rpc.subject, rpc] as const))("ask and answer %s", async (_, rpc) => {
    expect(await allowedOf(publishTo(rpc.subject))).toEqual(inOrder(rpc.askers));
    expect(await allowedOf(listenTo(rpc.subject, rpc.owner))).toEqual([rpc.owner]);
    // Outside the queue, or in one of its own, a listener would overhear every question.
    expect(await allowedOf(listenTo(rpc.subject))).toEqual([]);
    expect(await allowedOf(listenTo(rpc.subject, "another"))).toEqual([]);
  });

  test.each(signalCatalog.map((signal) => [signal.subject, signal] as const))("send and hear %s", async (_, signal) => {
    const subject = signal.keyed === true ? `${signal.subject}.user:a` : signal.subject;
    expect(await allowedOf(publishTo(subject))).toEqual([signal.owner]);
    expect(await allowedOf(listenTo(subject))).toEqual(inOrder(signal.listeners));
  });

  test.each(durables.map((durable) => [durable.name, durable] as const))("read and settle %s", async (_, durable) => {
    const { stream, name, service } = durable;
    for (const subject of [
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
      `$JS.API.CONSUMER.INFO.${stream}.${name}`,
      `$JS.ACK.${stream}.${name}.1.1.1.1.0`,
      `$JS.ACK.hub.ACCOUNT.${stream}.${name}.1.1.1.1.0`,
      deadLetterSubject(name),
    ]) {
      expect([subject, await allowedOf(publishTo(subject))]).toEqual([subject, [service]]);
    }
  });

  test("read dead letters: who has consumers; take them away: their keeper alone", async () => {
    const readers = serviceNames.filter((name) => durables.some(({ service }) => service === name));
    expect(await allowedOf(publishTo(`$JS.API.DIRECT.GET.${deadLetterStream}`))).toEqual(readers);
    expect(await allowedOf(publishTo(`$JS.API.STREAM.MSG.DELETE.${deadLetterStream}`))).toEqual(["org-registry"]);
  });

  test.each(streams.map(({ name }) => [name] as const))("manage %s: nobody", async (stream) => {
    const ofDeadLetters = [`$JS.API.STREAM.MSG.DELETE.${deadLetterStream}`, `$JS.API.DIRECT.GET.${deadLetterStream}`];
    const verbs = ["CREATE", "UPDATE", "DELETE", "PURGE", "INFO", "MSG.DELETE", "MSG.GET", "SNAPSHOT", "RESTORE"];
    const subjects = [
      ...verbs.map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
      `$JS.API.DIRECT.GET.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.mine`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.mine`,
      `$JS.API.CONSUMER.DELETE.${stream}.quota-on-usage-consumed`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.mine`,
    ];
    for (const subject of subjects.filter((one) => !ofDeadLetters.includes(one))) {
      expect([subject, await allowedOf(publishTo(subject))]).toEqual([subject, []]);
    }
  });

  test("read the answers to another: nobody", async () => {
    for (const service of serviceNames) {
      expect(await allowedOf(listenTo(`${inboxPrefixOf(service)}.>`))).toEqual([service]);
      // Nor write one: an answer goes only to who asked, while the question is open.
      expect(await allowedOf(publishTo(`${inboxPrefixOf(service)}.anything`))).toEqual([]);
    }
    for (const subject of [">", "*", "_INBOX.>", "topdog.>", "$SYS.>", "$JS.EVENT.ADVISORY.>"])
      expect([subject, await allowedOf(listenTo(subject))]).toEqual([subject, []]);
  });
});

test("a connection without an identity, or with one that the bus does not know, gets nothing", async () => {
  await expect(connectRaw({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization violation/i);
  // The buses of a run know the same keys: a stranger's is made here.
  const foreign = connectBus({
    url: nats.url,
    seed: new TextDecoder().decode(nkeys.createUser().getSeed()),
    name: "billing",
    logger: silentLogger(),
    firstConnectMs: 300,
  });
  await expect(foreign).rejects.toThrow("no connection to the bus");
});

describe("what the bus refuses", () => {
  test("fails at once where somebody waits for it, and is counted", async () => {
    const metrics = createMetrics("test");
    const bus = await connectBus({
      url: nats.url,
      seed: nats.seedOf("quota"),
      name: "quota",
      logger: silentLogger(),
      metrics,
    });
    const startedMs = performance.now();
    const forged = publishEvent(bus, subscriptionUpdated, subscriptionUpdated.example, { id: "f", timeoutMs: 60_000 });
    await expect(forged).rejects.toMatchObject({ code: "internal_error" });
    const burnt = callRpc(bus, syncLeases, { gatewayId: "not-a-gateway", leases: [] }, { timeoutMs: 60_000 });
    await expect(burnt).rejects.toMatchObject({ code: "internal_error" });
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(await metrics.text()).toMatch(/refused_operations_total\{operation="publish"[^}]*\} 2\n/);
    await bus.close();
  });

  test("ends a process that would miss messages without knowing it", async () => {
    const fatal = Promise.withResolvers<Error>();
    const bus = await connectBus({
      url: nats.url,
      seed: nats.seedOf("llm-router"),
      name: "llm-router",
      logger: silentLogger(),
      onFatal: fatal.resolve,
    });
    onEventBroadcast(bus, apiKeyRevoked, () => undefined);
    expect((await fatal.promise).message).toMatch(/permissions violation/i);
    await bus.close();
  });

  test("does not reach those whom it was meant for", async () => {
    const [gateway, registry, billing] = await Promise.all(
      (["gateway", "org-registry", "billing"] as const).map((service) => nats.busOf(service)),
    );
    if (gateway === undefined || registry === undefined || billing === undefined) throw new Error("not connected");
    const owner = serveRpc(registry, resolvePrincipal, {
      handle: async () => ({ principal: null }),
      maxInFlight: 4,
      logger: silentLogger(),
    });
    await registry.nc.flush();
    const heard: string[] = [];
    const stop = onEventBroadcast(gateway, apiKeyRevoked, ({ keyId }) => heard.push(keyId));
    await gateway.nc.flush();
    sendSignal(billing, quotaRecalled, quotaRecalled.example);
    const forged = publishEvent(
      billing,
      apiKeyRevoked,
      { ...apiKeyRevoked.example, keyId: "forged" },
      { id: "forged" },
    );
    await expect(forged).rejects.toMatchObject({ code: "internal_error" });
    await publishEvent(registry, apiKeyRevoked, { ...apiKeyRevoked.example, keyId: "true" }, { id: "true" });
    await eventually(() => expect(heard).toEqual(["true"]));
    const question = { keyHash: "ab".repeat(32) };
    expect(await callRpc(gateway, resolvePrincipal, question, { timeoutMs: 30_000 })).toEqual({ principal: null });
    stop();
    await owner.stop();
  });
});
