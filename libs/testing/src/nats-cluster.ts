import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@topdog/local-stack/free-port";
import { type LocalNats, startNats } from "@topdog/local-stack/nats-server";
import { type Bus, connectBus } from "@topdog/messaging/connect";
import { testBusIdentities, type TestBusUser } from "./bus-identities.ts";
import { localEngine } from "./engines.ts";
import { silentLogger } from "./logger.ts";

const host = "127.0.0.1";
const startAttempts = 3;

export interface TestNatsCluster {
  /** Of all servers: whoever loses one goes on at another. */
  readonly url: string;
  readonly servers: readonly LocalNats[];
  seedOf(this: void, user: TestBusUser): string;
  /** A connection of its own with the identity of a service. `stop` closes it. */
  connect(this: void, user: TestBusUser): Promise<Bus>;
  stop(): Promise<void>;
}

/** Servers of the test's own that are one cluster, with the services' identities and, until the test applies them, without streams. */
export async function testNatsCluster(size: number): Promise<TestNatsCluster> {
  const [binary, { access, seedOf }] = await Promise.all([localEngine("nats"), testBusIdentities()]);
  const folder = await mkdtemp(join(tmpdir(), "topdog-test-nats-cluster-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const servers = await startServers(folder, { binary, access, size }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const buses: Bus[] = [];
  const url = servers.map((server) => server.url).join(",");
  return {
    url,
    servers,
    seedOf,
    connect: async (user) => {
      const bus = await connectBus({ url, name: user, seed: seedOf(user), logger: silentLogger() });
      buses.push(bus);
      return bus;
    },
    stop: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await stopAll(servers);
      await remove();
    },
  };
}

interface ServerOptions {
  readonly binary: string;
  readonly access: string;
  readonly size: number;
}

/** Another process may take a port before its server listens on it: then all of them are started anew, on others. */
async function startServers(folder: string, { binary, access, size }: ServerOptions): Promise<LocalNats[]> {
  for (let attempt = 1; ; attempt += 1) {
    const ports: number[] = [];
    while (ports.length < size) {
      const port = await freePort(host);
      if (!ports.includes(port)) ports.push(port);
    }
    const routes = ports.map((port) => `nats-route://${host}:${port}`);
    const starting = ports.map((port, index) =>
      startNats({
        binary,
        dataDir: join(folder, `${attempt}-${index}`),
        access: `${access}\ncluster ${JSON.stringify({ name: "topdog-test", listen: `${host}:${port}`, routes })}\n`,
      }),
    );
    const started = await Promise.allSettled(starting);
    const failed = started.find((one) => one.status === "rejected");
    const servers = started.filter((one) => one.status === "fulfilled").map((one) => one.value);
    if (failed === undefined) return servers;
    await stopAll(servers);
    if (attempt === startAttempts) throw failed.reason;
  }
}

const stopAll = async (servers: readonly LocalNats[]): Promise<void> => {
  await Promise.all(servers.map((server) => server.kill9()));
};
