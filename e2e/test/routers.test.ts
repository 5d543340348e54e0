import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { seed } from "@topdog/testing/seed";
import { request } from "undici";
import { holdAgainstLedger, nothingWrong } from "../support/findings.ts";
import { until } from "../support/eventually.ts";
import { adminQuery } from "../support/ledger.ts";
import { type Observation, runLoad } from "../support/load.ts";
import { type Platform, startPlatform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";
import { rawCall } from "../support/raw-call.ts";

let platform: Platform;
/** Of several orgs: enough concurrent requests for all clients, those that wait for a silent router included. */
let keys: readonly string[];
beforeAll(async () => {
  platform = await startPlatform({ routers: 2, replicas: 2, breakableLinks: true, fastProviders: true });
  const orgs = await Promise.all([1, 2, 3, 4].map(() => platform.newOrg({ plan: "enterprise", seats: 2_000 })));
  keys = orgs.map(({ ownerKey }) => ownerKey);
}, 180_000);
afterAll(async () => {
  await platform.stop();
}, 60_000);

const completeOf = (seen: readonly Observation[]): number => seen.filter((one) => one.complete).length;

const load = (clients: number, goOn: (seen: readonly Observation[]) => boolean): Promise<Observation[]> =>
  runLoad({
    urls: platform.gatewayUrls,
    keys,
    clients,
    streamedShare: 0.5,
    random: seededRandom(seed),
    pauseMs: 30,
    // A router that stops is waited for; on a busy machine that may take long, and a client that gave up would hide what became of its call.
    callTimeoutMs: 100_000,
    goOn,
  });

/** Clients at work for as long as `meanwhile` takes; it may wait for so many more whole answers. */
async function underLoad(
  meanwhile: (moreComplete: (count: number) => Promise<void>) => Promise<void>,
): Promise<Observation[]> {
  const stage = { isOver: false, complete: 0 };
  const moreComplete = async (count: number): Promise<void> => {
    const goal = stage.complete + count;
    await until(
      `${count} more whole answers`,
      async () => stage.complete,
      (complete) => complete >= goal,
    );
  };
  const [observations] = await Promise.all([
    load(12, (seen) => {
      stage.complete = completeOf(seen);
      return !stage.isOver;
    }),
    meanwhile(moreComplete).finally(() => {
      stage.isOver = true;
    }),
  ]);
  return observations;
}

/** The sum over the labels of one of the gateway's metrics. */
async function metricOf(name: string): Promise<number> {
  const { body } = await request(`${platform.opsUrl("gateway")}/metrics`);
  const series = (await body.text()).matchAll(new RegExp(`^${name}\\{\\S* (\\d+)$`, "gm"));
  return [...series].reduce((sum, [, value]) => sum + Number(value), 0);
}
const silentLinks = () => metricOf("topdog_gateway_silent_router_links");
const silentSiblings = () => metricOf("topdog_gateway_silent_siblings");
const movedRequests = () => metricOf("topdog_gateway_moved_requests_total");

test(`a router that stops for longer than it is waited for, and wakes, loses no call and doubles none (SEED=${seed})`, async () => {
  const whileSilent: Observation[] = [];
  const seen = await underLoad(async (moreComplete) => {
    await moreComplete(100);
    const wake = platform.pause("llm-router-2");
    try {
      await until("the silent router gets no calls", silentLinks, (count) => count === 1);
      // The first clients may all be waiting for it: others find the router that answers.
      whileSilent.push(...(await load(6, (others) => completeOf(others) < 100)));
    } finally {
      wake();
    }
    await until("the router gets calls again", silentLinks, (count) => count === 0);
    await moreComplete(100);
  });
  const observations = [...seen, ...whileSilent];
  expect(observations.filter(({ complete }) => !complete)).toEqual([]);
  expect(await holdAgainstLedger(platform, { observations })).toEqual(nothingWrong);
  const [charged] = await adminQuery<{ calls: number }>(
    platform,
    "select (count(*) filter (where entry = 'charge') - count(*) filter (where entry = 'refund'))::integer as calls from ledger where meter = 'api_calls'",
  );
  expect(charged?.calls).toBe(observations.length);
}, 120_000);

test(`a router that dies fails no call of which nothing had gone out (SEED=${seed})`, async () => {
  const seen = await underLoad(async (moreComplete) => {
    for (let round = 0; round < 3; round += 1) {
      await moreComplete(50);
      await platform.kill9("llm-router-2");
      await moreComplete(50);
      await platform.restart("llm-router-2");
    }
  });
  // A stream that had begun is cut, with an error event.
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  expect(seen.filter(({ complete, streamed }) => !complete && !streamed)).toEqual([]);
  expect(await holdAgainstLedger(platform, { observations: seen })).toEqual(nothingWrong);
}, 120_000);

test(`links that are cut at any byte lose no call's record and double none (SEED=${seed})`, async () => {
  const random = seededRandom(seed + 1);
  const cuts = 20;
  const seen = await underLoad(async (moreComplete) => {
    for (let cut = 0; cut < cuts; cut += 1) {
      platform.links[cut % 2]?.cutAfter(1 + Math.floor(random() * 20_000));
      await sleep(random() * 150);
      await moreComplete(10);
    }
  });
  expect(seen.some(({ complete }) => !complete)).toBe(true);
  expect(await holdAgainstLedger(platform, { observations: seen })).toEqual(nothingWrong);
}, 120_000);

test("a registry, a billing and a quota that hang fail no read, no call and no key that was never seen", async () => {
  const { orgId, ownerId, ownerKey } = await platform.newOrg({ plan: "enterprise", seats: 10 });
  const unseen = await Promise.all(Array.from({ length: 3 }, () => platform.newKey(ownerId, orgId)));
  const headersOf = (key: string) => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });
  const read = async (path: string): Promise<number> =>
    (await rawCall(platform, path, { headers: headersOf(ownerKey) })).status;
  const call = async (key: string): Promise<number> => {
    const body = JSON.stringify({ model: "sandbox-small", messages: [{ role: "user", content: "hi" }] });
    return (await rawCall(platform, "/v1/chat/completions", { method: "POST", headers: headersOf(key), body })).status;
  };
  // Each is answered by another of the three.
  const paths = ["/api/keys", "/api/tiers", "/api/limits"];
  const hung = ["org-registry-2", "billing-2", "quota-2"];
  const wake = hung.map((name) => platform.pause(name));
  const failed = new Map<string, number>();
  const note = (what: string, status: number): void => {
    if (status !== 200) failed.set(`${what} ${status}`, (failed.get(`${what} ${status}`) ?? 0) + 1);
  };
  try {
    const reads = Array.from({ length: 8 }, () => paths).flat();
    await Promise.all([
      ...reads.map(async (path) => note(path, await read(path))),
      ...unseen.map(async ({ key }) => note("an unseen key", await call(key))),
    ]);
    await until("the hung ones get no requests", silentSiblings, (count) => count === hung.length);
    const moved = await movedRequests();
    expect(moved).toBeGreaterThanOrEqual(hung.length);
    for (let round = 0; round < 10; round += 1) for (const path of paths) note(path, await read(path));
    // Nobody waits for them any more.
    expect(await movedRequests()).toBe(moved);
  } finally {
    for (const one of wake) one();
  }
  expect(Object.fromEntries(failed)).toEqual({});
  await until("all get requests again", silentSiblings, (count) => count === 0);
}, 120_000);
