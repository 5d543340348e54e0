import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { platformVersion } from "@topdog/service/version";
import { freePort } from "@topdog/local-stack/free-port";
import { eventually } from "@topdog/testing/eventually";
import { type TestNats, testNats } from "@topdog/testing/nats";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { busEnv, startTestService, type TestService } from "@topdog/testing/service";
import { type Diary, sample } from "./sample-service.ts";

const migrations = new URL("../../messaging/test/migrations/", import.meta.url);
const operatorToken = "an-operator-token-of-thirty-two-characters";
let nats: TestNats;
let database: TestDatabase;
let running: TestService[] = [];

beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase({ migrations })]);
});
afterAll(async () => {
  await nats.stop();
  await database.drop();
});
afterEach(async () => {
  await Promise.all(running.map((service) => service.stop().catch(() => undefined)));
  running = [];
});

type SampleDeps = (typeof sample)["deps"];

async function start(
  deps: Partial<SampleDeps>,
  env: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<TestService> {
  const urls = { DATABASE_URL: database.url, ...busEnv(nats, sample.name) };
  const service = await startTestService(sample, {
    deps,
    env: { ...urls, SHUTDOWN_GRACE_MS: "10000", ...env },
    ...(signal === undefined ? {} : { signal }),
  });
  running.push(service);
  return service;
}

const status = async (url: string, headers: Record<string, string> = {}): Promise<number> => {
  const answer = await fetch(url, { headers: { connection: "close", ...headers } });
  await answer.arrayBuffer();
  return answer.status;
};

/** Connections to Postgres that the service under test holds. */
async function connections(): Promise<number> {
  const { rows } = await database.db.raw<{ rows: { count: string }[] }>(
    "select count(*) from pg_stat_activity where application_name = 'billing' and datname = current_database()",
  );
  return Number(rows[0]?.count);
}

describe("a service", () => {
  test("starts its parts in order before the first request, and stops them in reverse after the last answer", async () => {
    const diary: Diary = [];
    const answering = Promise.withResolvers<void>();
    const service = await start({ diary, slowAnswer: () => answering.promise });
    expect(diary).toEqual(["start first", "start second"]);
    const slow = status(`${service.url}/slow`);
    await eventually(() => expect(diary).toContain("request"));
    const stopping = service.stop();
    await eventually(async () => expect(await status(`${service.opsUrl}/readyz`)).toBe(503));
    answering.resolve();
    expect(await slow).toBe(200);
    await stopping;
    expect(diary.slice(2)).toEqual(["request", "answer", "stop second", "stop first", "release with the bus there"]);
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test("counts what its public port answers, and neither probes nor what an operator left out as an error", async () => {
    let answer = async (): Promise<void> => undefined;
    const service = await start({ slowAnswer: () => answer() });
    const counts = async (): Promise<Record<string, string>> => {
      const text = await (await fetch(`${service.opsUrl}/metrics`)).text();
      const lines = text.matchAll(/^topdog_http_request_seconds_count\{[^}]*status_class="(\w+)"[^}]*\} (\d+)$/gm);
      return Object.fromEntries([...lines].map(([, name = "", count = ""]) => [name, count]));
    };
    await eventually(async () => expect(await status(`${service.url}/readyz`)).toBe(200));
    const none = { "2xx": "0", "3xx": "0", "4xx": "0", "5xx": "0", not_configured: "0", client_closed: "0" };
    expect(await counts()).toEqual(none);
    await status(`${service.url}/slow`);
    await status(`${service.url}/nowhere`);
    answer = () => Promise.reject(new Error("a bug"));
    await status(`${service.url}/slow`);
    answer = () => Promise.reject(new AppError("billing_not_configured"));
    expect(await status(`${service.url}/slow`)).toBe(503);
    await eventually(async () =>
      expect(await counts()).toEqual({ ...none, "2xx": "1", "4xx": "1", "5xx": "1", not_configured: "1" }),
    );
  });

  test.each([
    ["cannot be built", "build", ["release with the bus there"]],
    ["first cannot start", "start first", ["release with the bus there"]],
    ["second cannot start", "start second", ["start first", "stop first", "release with the bus there"]],
  ])("that fails with '%s' releases what was opened, in reverse, and says why", async (message, fails, expected) => {
    const diary: Diary = [];
    await expect(start({ diary, fails })).rejects.toThrow(message);
    expect(diary).toEqual(expected);
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test("that is told to stop while it is built starts no part, and releases what was opened", async () => {
    const diary: Diary = [];
    const building = Promise.withResolvers<void>();
    const stop = new AbortController();
    const slowBuild = (): Promise<void> => {
      diary.push("build");
      return building.promise;
    };
    const starting = start({ diary, slowBuild }, {}, stop.signal);
    await eventually(() => expect(diary).toEqual(["build"]));
    stop.abort();
    building.resolve();
    await expect(starting).rejects.toBe(stop.signal.reason);
    expect(diary).toEqual(["build", "release with the bus there"]);
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test("that is told to stop while it waits for the bus waits no longer, and leaves no port open", async () => {
    const stop = new AbortController();
    const opsPort = String(await freePort("127.0.0.1"));
    const absent = `nats://127.0.0.1:${await freePort("127.0.0.1")}`;
    const starting = start({}, { NATS_URL: absent, OPS_PORT: opsPort }, stop.signal);
    const livez = (): Promise<number> => status(`http://127.0.0.1:${opsPort}/livez`);
    await eventually(async () => expect(await livez()).toBe(200));
    stop.abort();
    await expect(starting).rejects.toMatchObject({ name: "AbortError" });
    await expect(livez()).rejects.toThrow("fetch failed");
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test.each(["HTTP_PORT", "OPS_PORT"])("whose %s is taken releases everything", async (variable) => {
    const diary: Diary = [];
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, "127.0.0.1", resolve);
    });
    const port = String((holder.address() as AddressInfo).port);
    await expect(start({ diary }, { [variable]: port })).rejects.toThrow("EADDRINUSE");
    const everything = ["start first", "start second", "stop second", "stop first", "release with the bus there"];
    expect(diary).toEqual(variable === "HTTP_PORT" ? everything : []);
    holder.close();
    await eventually(async () => expect(await connections()).toBe(0));
  });

  test("releases the rest when a part cannot stop, and says that it could not", async () => {
    const diary: Diary = [];
    const service = await start({ diary, fails: "stop second" });
    await expect(service.stop()).rejects.toThrow("not everything could be released");
    expect(diary.slice(2)).toEqual(["stop second", "stop first", "release with the bus there"]);
    await eventually(async () => expect(await connections()).toBe(0));
  });
});

describe("the two ports of a service", () => {
  test("a start that takes long is seen to be alive and not ready", async () => {
    const building = Promise.withResolvers<void>();
    const port = await freePort("127.0.0.1");
    const starting = start({ diary: [], slowBuild: () => building.promise }, { OPS_PORT: String(port) });
    const opsUrl = `http://127.0.0.1:${port}`;
    await eventually(async () => expect(await status(`${opsUrl}/livez`)).toBe(200));
    expect(await status(`${opsUrl}/readyz`)).toBe(503);
    expect(await status(`${opsUrl}/metrics`)).toBe(200);
    building.resolve();
    await starting;
    await eventually(async () => expect(await status(`${opsUrl}/readyz`)).toBe(200));
  });

  test("in production a database that may forget what it committed is not ready", async () => {
    // That of the tests writes nothing to its disk.
    const { rows } = await database.db.raw<{ rows: { setting: string }[] }>(
      "select setting from pg_settings where name = 'fsync'",
    );
    expect(rows).toEqual([{ setting: "off" }]);
    const { url, opsUrl } = await start({}, { NODE_ENV: "production" });
    expect(await status(`${url}/readyz`)).toBe(503);
    const health = await (await fetch(`${opsUrl}/health`)).json();
    expect(health).toMatchObject({ checks: { database: "failing" } });
  });

  test("the public one tells everybody a status; checks, metrics and operators' routes are on the other", async () => {
    const service = await start({ diary: [] });
    const json = async (url: string): Promise<unknown> => (await fetch(url)).json();
    // A check that a busy machine holds up for a second has failed, that time.
    await eventually(async () => {
      const ok = { service: "billing", version: platformVersion, status: "ok" };
      expect(await json(`${service.url}/health`)).toEqual(ok);
      expect(await json(`${service.url}/readyz`)).toEqual({ status: "ok" });
      const checks = { database: "ok", bus: "ok", own: "ok" };
      expect(await json(`${service.opsUrl}/readyz`)).toEqual({ status: "ok", checks });
      expect(await json(`${service.opsUrl}/health`)).toMatchObject({ version: platformVersion, status: "ok" });
    });
    expect(await (await fetch(`${service.opsUrl}/metrics`)).text()).toContain("topdog_job_runs_total{");
    expect(await json(`${service.opsUrl}/inside`)).toEqual({ inside: true });
    for (const path of ["/metrics", "/inside"]) expect(await status(`${service.url}${path}`)).toBe(404);
    expect(await status(`${service.opsUrl}/slow`)).toBe(404);
  });

  test("an operator's route opens on the public one to the operator's token alone", async () => {
    const service = await start({ diary: [] }, { OPERATOR_TOKEN: operatorToken });
    const inside = `${service.url}/inside`;
    expect(await status(inside, { authorization: `Bearer ${operatorToken}` })).toBe(200);
    expect(await status(inside, { authorization: `Bearer ${operatorToken}x` })).toBe(404);
    expect(await status(inside)).toBe(404);
  });

  test("a failing check takes the instance out of service and leaves it alive", async () => {
    const service = await start({ diary: [], fails: "check" });
    expect(await status(`${service.url}/readyz`)).toBe(503);
    expect(await status(`${service.opsUrl}/readyz`)).toBe(503);
    expect(await status(`${service.opsUrl}/livez`)).toBe(200);
  });
});
