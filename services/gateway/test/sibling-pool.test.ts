import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import { createSiblingPool, type SiblingPool } from "../src/clients/sibling-pool.ts";

const connectionLifeMs = 60;
const releases: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function startCounter(): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((_, answer) => void answer.end("ok"));
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  releases.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

const statusOf = (pool: SiblingPool): Promise<number> =>
  new Promise((resolve, reject) => {
    let status = 0;
    pool.dispatch(
      { method: "GET", path: "/" },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_, code) => void (status = code),
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(status),
        onResponseError: (_, error) => reject(error),
      },
    );
  });

test("connections end with their life, between calls, so that new instances get calls too", async () => {
  const { url, connections } = await startCounter();
  const pool = createSiblingPool({ urls: [url], connectTimeoutMs: 1_000, connectionLifeMs });
  releases.push(() => pool.close());
  const statuses: number[] = [];
  // On a busy machine a call may outlast a connection's life.
  const endsMs = performance.now() + 4_000;
  while (connections() < 3 && performance.now() < endsMs) {
    statuses.push(await statusOf(pool));
    await sleep(5);
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(connections()).toBe(3);
  expect(connections()).toBeLessThan(statuses.length);
});
