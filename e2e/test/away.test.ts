import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { plans } from "@topdog/contracts/plans";
import { request } from "undici";
import { holdAgainstLedger } from "../support/findings.ts";
import { until } from "../support/eventually.ts";
import { adminQuery, bucketsOf } from "../support/ledger.ts";
import { type Observation, runLoad } from "../support/load.ts";
import { type Platform, startPlatform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";
import { type RawAnswer, rawCall } from "../support/raw-call.ts";

/** As quota's default is, but sooner: a gateway that is silent for so long has its leases closed. */
const gatewayTimeoutMs = 3_000;
const quotas = ["quota", "quota-2"] as const;
const daily = plans.free.llmRequestsPerDay;
/** Whoever is not served by then never will be. */
const mostCalls = 600;
/** What one gateway may admit of a free day that quota does not know of. */
const creditWindow = 2;
/** From quota's commit to the gateway that hears of it: so many times what a call takes, as a machine has its own pace. */
const answerCalls = 10;
const leastAnswerMs = 250;
const retryMs = 100;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    gateways: 2,
    replicas: 2,
    fastProviders: true,
    settings: { quota: { GATEWAY_TIMEOUT_MS: String(gatewayTimeoutMs) } },
  });
}, 240_000);
afterAll(async () => {
  await platform.stop();
}, 60_000);

const bodyOf = (content: string): string =>
  JSON.stringify({ model: "sandbox-small", max_tokens: 2, messages: [{ role: "user", content }] });
const call = (key: string, path = "/v1/chat/completions", gateway = 0): Promise<RawAnswer> =>
  rawCall(platform, path, {
    gateway,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: bodyOf("hi"),
  });

interface Seen extends Observation {
  /** Of an error; "" of an answer. */
  readonly code: string;
}

const observationOf = (startedMs: number, { status, headers, json }: RawAnswer): Seen => ({
  caller: 0,
  startedMs,
  endedMs: Date.now(),
  requestId: String(headers["x-request-id"]),
  status,
  streamed: false,
  contentEvents: status === 200 ? 1 : 0,
  complete: status === 200,
  source: null,
  code: (json as { error?: { code?: string } }).error?.code ?? "",
});

/** Calls one gateway, one call after the other, until one is served or, with `false`, until one is not. */
async function callUntil(key: string, gateway: number, isServed: boolean): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (;;) {
    seen.push(observationOf(Date.now(), await call(key, "/v1/chat/completions", gateway)));
    const wasServed = seen.at(-1)?.status === 200;
    if (wasServed === isServed || seen.length === mostCalls) return seen;
    if (!wasServed) await sleep(retryMs);
  }
}

/** Nothing outside shows when a gateway has heard what quota committed. */
function answerArrives(seen: readonly Seen[]): Promise<void> {
  const { startedMs = 0, endedMs = 0 } = seen.at(-1) ?? {};
  return sleep(Math.max(leastAnswerMs, answerCalls * (endedMs - startedMs)));
}

/** Calls until a gateway has reported what it took, and holds as much as its credit window lets it use. */
async function fillWindow(userId: string, key: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  await until(
    "a gateway holds a credit window of tokens",
    async () => {
      seen.push(...(await callUntil(key, 0, true)));
      await answerArrives(seen);
      return adminQuery<{ held: number }>(
        platform,
        "select (size - acked - returned)::integer as held from lease where owner = $1 and state = 'open'",
        [`user:${userId}`],
      );
    },
    (leases) => leases.length === 2 && leases.every(({ held }) => held >= creditWindow),
  );
  await answerArrives(seen);
  return seen;
}

/** Whatever is left of the key's day, at both gateways. */
async function spendTheDay(key: string): Promise<Observation[]> {
  return runLoad({
    urls: platform.gatewayUrls,
    keys: [key],
    clients: 2,
    streamedShare: 0,
    maxTokens: 2,
    random: seededRandom(2),
    pauseAfterFailureMs: 100,
    goOn: (seen) => seen.filter(({ status }) => status === 429).length < 12,
  });
}

/** The day was served to the last call and not one more, and the ledger has what clients saw. */
async function expectExactDay(userId: string, seen: readonly Observation[]): Promise<void> {
  expect(seen.filter(({ complete }) => complete)).toHaveLength(daily);
  const findings = await holdAgainstLedger(platform, { observations: seen });
  expect(Object.entries(findings).filter(([, found]) => found.length > 0)).toEqual([]);
  const buckets = await bucketsOf(platform, [`user:${userId}`]);
  expect(buckets).toContainEqual(expect.objectContaining({ meter: "llm_requests", settled: daily, limit: daily }));
}

const statusOf = async (url: string): Promise<[number, string]> => {
  const { statusCode, body } = await request(url);
  return [statusCode, ((await body.json()) as { status: string }).status];
};

interface Outage {
  readonly what: string;
  readonly begin: () => Promise<() => Promise<unknown> | void>;
  /** What the gateways' readiness says of it. */
  readonly ready: "ok" | "degraded";
}

const allOf = (ends: readonly (() => void)[]) => (): void => ends.forEach((end) => end());
const outages: readonly Outage[] = [
  { what: "quota is frozen", ready: "ok", begin: async () => allOf(quotas.map((one) => platform.pause(one))) },
  {
    what: "quota is down",
    ready: "ok",
    begin: async () => {
      await Promise.all(quotas.map((one) => platform.kill9(one)));
      return () => Promise.all(quotas.map((one) => platform.restart(one)));
    },
  },
  { what: "Postgres is frozen", ready: "ok", begin: async () => platform.pausePostgres() },
  {
    what: "Postgres is down",
    ready: "ok",
    begin: async () => {
      await platform.kill9("postgres");
      return () => platform.restart("postgres");
    },
  },
  {
    what: "the bus is down",
    ready: "degraded",
    begin: async () => {
      await platform.kill9("nats");
      return () => platform.restart("nats");
    },
  },
  {
    what: "all three are away, Postgres and quota frozen",
    ready: "degraded",
    begin: async () => {
      const wake = allOf([platform.pausePostgres(), ...quotas.map((one) => platform.pause(one))]);
      await platform.kill9("nats");
      return () => {
        wake();
        return platform.restart("nats");
      };
    },
  },
];

describe("what is away ends nothing that gateways hold, and costs a day nothing", () => {
  test("each outage: what is held is served, then 503 with a code of its own and never 429; then all goes on by itself", async () => {
    const { userId, userKey } = await platform.newUser({ plan: "free" });
    const seen: Observation[] = [];
    for (const { what, begin, ready } of outages) {
      seen.push(...(await fillWindow(userId, userKey)));
      const end = await begin();
      try {
        const during = await callUntil(userKey, 0, false);
        seen.push(...during);
        const wanted = [...Array<string>(creditWindow).fill(""), "temporary_reduced_capacity"];
        expect([what, during.map(({ code }) => code)]).toEqual([what, wanted]);
        const refused = await call(userKey);
        expect([what, refused.status, refused.headers["retry-after"]]).toEqual([what, 503, "1"]);
        expect((await call(userKey, "/v1/messages")).json).toMatchObject({
          type: "error",
          error: { type: "overloaded_error", code: "temporary_reduced_capacity" },
        });
        expect([what, await statusOf(`${platform.gatewayUrl}/readyz`)]).toEqual([what, [200, ready]]);
      } finally {
        await end();
      }
    }
    seen.push(...(await spendTheDay(userKey)));
    await expectExactDay(userId, seen);
  }, 240_000);

  test("a gateway that stands still until quota has given it up wakes to a day that others spent: nothing is sold twice or lost", async () => {
    const { userId, userKey } = await platform.newUser({ plan: "free" });
    const before = await callUntil(userKey, 1, true);
    const wake = platform.pause("gateway-2");
    // It holds the plan's one concurrent request, until quota takes it for gone.
    await sleep(2 * gatewayTimeoutMs);
    let meanwhile: Observation[];
    try {
      meanwhile = await runLoad({
        urls: [platform.gatewayUrl],
        keys: [userKey],
        clients: 1,
        streamedShare: 0.5,
        maxTokens: 2,
        random: seededRandom(3),
        pauseAfterFailureMs: 100,
        goOn: (seen) => seen.filter(({ status }) => status === 429).length < 3,
      });
    } finally {
      wake();
    }
    expect(meanwhile.filter(({ complete }) => complete).length).toBeGreaterThanOrEqual(daily - 4);
    const after = await spendTheDay(userKey);
    await expectExactDay(userId, [...before, ...meanwhile, ...after]);
  }, 120_000);
});

describe("two replicas of quota", () => {
  test("are replaced one after the other under load: no day is oversold or cut short, and nobody notices", async () => {
    const free = await Promise.all([1, 2].map(() => platform.newUser({ plan: "free" })));
    const org = await platform.newOrg({ plan: "teams", seats: 3 });
    const stage = { isReplaced: false };
    const load = { urls: platform.gatewayUrls, maxTokens: 2, streamedShare: 0.3, pauseAfterFailureMs: 100 };
    const days = free.map(({ userKey }, index) =>
      runLoad({
        ...load,
        keys: [userKey],
        clients: 1,
        random: seededRandom(10 + index),
        pauseMs: 150,
        goOn: (seen) => !stage.isReplaced || seen.filter(({ status }) => status === 429).length < 8,
      }),
    );
    const ofOrg = runLoad({
      ...load,
      keys: [org.ownerKey],
      clients: 3,
      random: seededRandom(20),
      pauseMs: 20,
      goOn: (seen) => !stage.isReplaced && seen.length < 1_500,
    });
    await sleep(500);
    for (const one of [...quotas, ...quotas]) await platform.deploy(one);
    stage.isReplaced = true;
    const [seenOfOrg, ...seenOfDays] = await Promise.all([ofOrg, ...days]);
    const all = [...seenOfOrg, ...seenOfDays.flat()];
    expect(all.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
    expect(seenOfOrg.filter(({ status }) => status !== 200)).toEqual([]);
    for (const [index, { userId }] of free.entries()) await expectExactDay(userId, seenOfDays[index] ?? []);
    const findings = await holdAgainstLedger(platform, { observations: all });
    expect(Object.entries(findings).filter(([, found]) => found.length > 0)).toEqual([]);
    const tooMany = await adminQuery(
      platform,
      "select owner, sum(held) from permit group by owner having sum(held) > case when owner like 'user:%' then 1 else 3 end",
    );
    expect(tooMany).toEqual([]);
  }, 240_000);
});
