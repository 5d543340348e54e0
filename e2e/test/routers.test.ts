import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { request } from "undici";
import { holdAgainstLedger } from "../support/chaos.ts";
import { until } from "../support/eventually.ts";
import { adminQuery } from "../support/ledger.ts";
import { type Observation, runLoad } from "../support/load.ts";
import { type Platform, startPlatform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const nothingWrong = { completeWithoutOneRow: [], deliveredWithoutRow: [], chargedTwice: [], violations: [] };

let platform: Platform;
/** Of several orgs: enough concurrent requests for all clients, those that wait for a silent router included. */
let keys: readonly string[];
beforeAll(async () => {
  platform = await startPlatform({ routers: 2, breakableLinks: true, fastProviders: true });
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

const silentLinks = async (): Promise<number> => {
  const { body } = await request(`${platform.opsUrl("gateway")}/metrics`);
  return Number(/^topdog_gateway_silent_router_links\S* (\d+)$/m.exec(await body.text())?.[1]);
};

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
    "select count(*)::integer as calls from ledger where meter = 'api_calls' and entry = 'charge'",
  );
  expect(charged?.calls).toBe(observations.length);
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
