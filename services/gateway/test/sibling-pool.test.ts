import { createServer } from "node:http";
import { createServer as createNetServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { createSiblingPool, type SiblingPool, type SiblingPoolOptions } from "../src/clients/sibling-pool.ts";

const connectionLifeMs = 60;
const releases: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

interface Counter {
  readonly url: string;
  readonly connections: () => number;
  readonly hosts: Set<string | undefined>;
}

async function startCounter(address = "127.0.0.1", port = 0): Promise<Counter> {
  let connections = 0;
  const hosts = new Set<string | undefined>();
  const server = createServer((req, answer) => {
    hosts.add(req.headers.host);
    answer.end("ok");
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  releases.push(() => new Promise((resolve) => server.close(resolve)));
  const url = `http://${address}:${(server.address() as AddressInfo).port}`;
  return { url, connections: () => connections, hosts };
}

const statusOf = (pool: SiblingPool): Promise<number> =>
  new Promise((resolve, reject) => {
    let status = 0;
    const instance = pool.choose([]);
    if (instance === null) throw new Error("no instance is known");
    instance.send(
      { method: "GET", path: "/", headers: [] },
      {
        onSilence: () => undefined,
        onRequestStart: () => undefined,
        onResponseStart: (_, code) => void (status = code),
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(status),
        onResponseError: (_, error) => reject(error),
      },
    );
  });

function openPool(options: Partial<SiblingPoolOptions> & Pick<SiblingPoolOptions, "urls">): SiblingPool {
  const pool = createSiblingPool({
    connectTimeoutMs: 1_000,
    connectionLifeMs,
    resolve: async () => [],
    onEjected: () => undefined,
    ...options,
  });
  releases.push(() => pool.close());
  return pool;
}

test("connections end with their life, between calls, so that new instances get calls too", async () => {
  const { url, connections } = await startCounter();
  const pool = openPool({ urls: [url] });
  const statuses: number[] = [];
  // On a busy machine a call may outlast a connection's life: it goes on until a connection has served two.
  const endsMs = performance.now() + 30_000;
  while ((connections() < 3 || connections() >= statuses.length) && performance.now() < endsMs) {
    statuses.push(await statusOf(pool));
    await sleep(5);
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(connections()).toBeGreaterThanOrEqual(3);
  expect(connections()).toBeLessThan(statuses.length);
});

test("a name stands for all its addresses: new ones get requests, missing ones no more, and a name that is lost keeps them", async () => {
  const first = await startCounter();
  const { port } = new URL(first.url);
  const second = await startCounter("127.0.0.2", Number(port));
  let addresses: readonly string[] | Error = ["127.0.0.1"];
  const resolve = async (): Promise<readonly string[]> => {
    if (addresses instanceof Error) throw addresses;
    return addresses;
  };
  const pool = openPool({ urls: [`http://sibling.test:${port}`], resolve, resolveIntervalMs: 10 });
  const isAsked = async ({ connections }: Counter): Promise<boolean> => {
    const before = connections();
    // Connections live for a moment: a new one shows that requests still come.
    await sleep(2 * connectionLifeMs);
    for (let count = 0; count < 4; count += 1) await statusOf(pool);
    return connections() > before;
  };
  await eventually(async () => expect(pool.choose([])).not.toBeNull());
  expect([await isAsked(first), await isAsked(second)]).toEqual([true, false]);
  addresses = ["127.0.0.1", "127.0.0.2"];
  await eventually(async () => expect(await isAsked(second)).toBe(true));
  expect(await isAsked(first)).toBe(true);
  expect(await pool.isReady()).toBe(true);
  addresses = ["127.0.0.2"];
  await eventually(async () => expect(await isAsked(first)).toBe(false));
  addresses = new Error("not found");
  expect(await isAsked(second)).toBe(true);
  expect([...first.hosts, ...second.hosts]).toEqual([`sibling.test:${port}`, `sibling.test:${port}`]);
});

test("a service is ready while one of its instances is, though another one is silent", async () => {
  const silent = createNetServer((socket) => void socket.resume().on("error", () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  releases.push(() => new Promise((resolve) => silent.close(resolve)));
  const silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const { url } = await startCounter();
  const pools = [[silentUrl, url], [silentUrl]].map((urls) => openPool({ urls }));
  expect(await Promise.all(pools.map((pool) => pool.isReady()))).toEqual([true, false]);
});
