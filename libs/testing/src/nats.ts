import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@topdog/local-stack/free-port";
import { startNats, type LocalNats } from "@topdog/local-stack/nats-server";
import { connectBus, type Bus, type BusTls } from "@topdog/messaging/connect";
import { applyTopology } from "@topdog/messaging/topology";
import { testBusIdentities, type TestBusUser, testUserName } from "./bus-identities.ts";
import { containerNats } from "./containers.ts";
import { localEngine } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { silentLogger } from "./logger.ts";

export interface TestNats {
  readonly url: string;
  /** The test's own connection, which may do everything. A service under test uses `busOf` or `seedOf` its name. */
  readonly bus: Bus;
  /** A connection with the identity of a service and what it may do; the same one each time. `stop` closes it. */
  busOf(this: void, user: TestBusUser): Promise<Bus>;
  /** For a process or a connection of the test's own. */
  seedOf(this: void, user: TestBusUser): string;
  /** Closes its connections, stops the server and removes its data. */
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** Pauses the server as if its machine hung: it answers nothing, and no connection ends. `false` lets it run again. */
  freeze(isFrozen: boolean): void;
  /** Starts the server again on the same port with the data it had. Resolves when `bus` can use it again. */
  restart(): Promise<void>;
  /** Kills the server, loses all of its data and starts it again: no stream and no durable is left. */
  restartEmpty(): Promise<void>;
}

type Server = Pick<LocalNats, "url" | "kill9" | "restart"> & {
  stop(): Promise<unknown>;
  wipe(): Promise<void>;
  freeze(isFrozen: boolean): void;
};

export interface TestNatsOptions {
  /** More of the server's configuration, such as a `tls` block. */
  readonly serverConfig?: string;
  /** For the test's connections. */
  readonly tls?: BusTls;
}

/** A server of the test's own that knows the services' identities, with the topology applied: the test may kill it. Rejects when the machine can run none. */
export async function testNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const { access: authorization, seedOf } = await testBusIdentities();
  const access = `${authorization}${options.serverConfig ?? ""}`;
  const server = await localServer(access).catch(async (local: unknown) =>
    containerServer(access).catch((container: unknown) => {
      throw new AggregateError([local, container], "tests need NATS: a local nats-server or a container engine");
    }),
  );
  const buses = new Map<TestBusUser, Promise<Bus>>();
  const busOf = (user: TestBusUser): Promise<Bus> => {
    const known = buses.get(user);
    if (known !== undefined) return known;
    const opening = connectBus({
      url: server.url,
      name: user,
      seed: seedOf(user),
      tls: options.tls,
      logger: silentLogger(),
      // A test asks once: what it is told late on a busy machine is as good. But a question that dies with a server takes as long.
      ...(user === testUserName ? { requestTimeoutMs: 2_500 } : {}),
    });
    buses.set(user, opening);
    return opening;
  };
  const bus = await busOf(testUserName);
  await applyTopology(bus);
  const restart = async (): Promise<void> => {
    await server.restart();
    await eventually(() => bus.jsm.getAccountInfo());
  };
  return {
    url: server.url,
    bus,
    busOf,
    seedOf,
    kill9: () => server.kill9(),
    freeze: (isFrozen) => server.freeze(isFrozen),
    restart,
    restartEmpty: async () => {
      await server.kill9();
      await server.wipe();
      await restart();
    },
    stop: async () => {
      await Promise.all([...buses.values()].map((opening) => opening.then((one) => one.close())));
      await server.stop();
      await server.wipe();
    },
  };
}

async function localServer(access: string): Promise<Server> {
  const binary = await localEngine("nats");
  const dataDir = await mkdtemp(join(tmpdir(), "topdog-test-nats-"));
  const server = await startNats({ binary, dataDir, access });
  return {
    url: server.url,
    kill9: () => server.kill9(),
    restart: () => server.restart(),
    stop: () => server.stop(),
    freeze: (isFrozen) => void process.kill(server.pid, isFrozen ? "SIGSTOP" : "SIGCONT"),
    wipe: () => rm(dataDir, { recursive: true, force: true }),
  };
}

async function containerServer(access: string): Promise<Server> {
  const { url, container } = await containerNats(await freePort("127.0.0.1"), access);
  return {
    url,
    kill9: async () => {
      await container.stop({ timeout: 0, remove: false });
    },
    restart: () => container.restart({ timeout: 0 }),
    stop: () => container.stop({ timeout: 0 }),
    freeze: () => {
      throw new Error("a server in a container cannot be frozen: this test needs a local nats-server");
    },
    wipe: () =>
      container.exec(["rm", "-rf", "/data"]).then(
        () => undefined,
        () => undefined,
      ),
  };
}
