import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { processTimers } from "@topdog/gateway/clients/timers";
import { createPermits, type Permits } from "@topdog/gateway/store/permits";
import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createPermitStore } from "@topdog/quota/store/permits";
import { createQuotaStore } from "@topdog/quota/store/quota-store";
import { createPresence } from "@topdog/quota/usecases/gateway-presence";
import { createListening } from "@topdog/quota/usecases/listening";
import { answerPermits } from "@topdog/quota/usecases/take-permits";
import { createMetrics } from "@topdog/telemetry/metrics";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { migrations } from "../support/quota-under-test.ts";

const owner = "user:busy";
const limit = 2;
const gatewayCount = 3;
const clientsPerGateway = 3;
const callsPerClient = 60;

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase({ migrations });
  await database.db.raw(
    "insert into entitlement (owner, plan, seats, version) values (?, 'pro', 1, 1), ('org:team', 'teams', 3, 1)",
    [owner],
  );
});
afterAll(() => database.drop());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Which messages are lost, counted from 1: before they arrive, or answered and the answer lost. */
type Losses = (message: number) => "question" | "answer" | null;
const someLost: Losses = (message) => (message % 10 === 0 ? "question" : message % 10 === 5 ? "answer" : null);
const noneLost: Losses = () => null;

/** Gateways' own code against quota's own code on Postgres. */
function startFleet(lost: Losses): { readonly gateways: readonly Permits[]; readonly stop: () => Promise<void> } {
  const monotonicMs = (): number => performance.now();
  const store = createQuotaStore(database.db);
  const gateways: Permits[] = [];
  const deps = {
    store: createPermitStore(database.db),
    presence: createPresence(store, monotonicMs),
    metrics: createQuotaMetrics(createMetrics("quota")),
    listening: createListening(monotonicMs),
    recall: ({ owner: of, forGateway }: { owner: string; forGateway: string }) =>
      void setImmediate(() => gateways.forEach((one) => one.recall(of, forGateway))),
  };
  let messages = 0;
  for (let index = 0; index < gatewayCount; index += 1) {
    const permits = createPermits({
      gatewayId: `gateway-${index}`,
      monotonicMs,
      timers: processTimers,
      awayMs: () => 0,
      maxOwners: 10,
      onFailure: () => undefined,
      ask: async (request) => {
        messages += 1;
        const loss = lost(messages);
        if (loss === "question") throw new Error("the question is lost");
        const reply = await answerPermits(deps, request);
        if (loss === "answer") throw new Error("the answer is lost");
        return reply;
      },
    });
    gateways.push(permits);
  }
  return { gateways, stop: async () => void (await Promise.all(gateways.map((one) => one.stop(2_000)))) };
}

test("calls that come while quota is being asked are part of the next question, and refused only when the plan has no more", async () => {
  const { gateways, stop } = startFleet(noneLost);
  const [gateway] = gateways as [Permits];
  const first = gateway.take("org:team");
  await new Promise(setImmediate);
  const later = Array.from({ length: 12 }, () => gateway.take("org:team"));
  const outcomes = await Promise.all([first, ...later]);
  expect(outcomes.filter((one) => one === "taken")).toHaveLength(9);
  expect(outcomes.at(-1)).toEqual({ reason: "over", limit: 9, running: 9 });
  await stop();
});

test("a permit whose answer was lost on the way to one gateway is asked for again, and is not lost for the others", async () => {
  const { gateways, stop } = startFleet((message) => (message === 1 ? "answer" : null));
  const [first, second] = gateways as [Permits, Permits];
  expect(await first.take("user:free")).toBe("taken");
  first.give("user:free");
  expect(await second.take("user:free")).toBe("taken");
  second.give("user:free");
  await stop();
});

test("calls at three gateways never run more at once than the plan allows, whatever messages are lost, and every gateway gets its turn", async () => {
  const { gateways, stop } = startFleet(someLost);
  let running = 0;
  let most = 0;
  const served = gateways.map(() => 0);
  const client = async (gateway: Permits, index: number): Promise<void> => {
    for (let call = 0; call < callsPerClient; call += 1) {
      if ((await gateway.take(owner)) === "taken") {
        most = Math.max(most, (running += 1));
        served[index] = (served[index] ?? 0) + 1;
        await sleep(call % 4);
        running -= 1;
        gateway.give(owner);
      } else await sleep(5);
    }
  };
  await Promise.all(
    gateways.flatMap((gateway, index) => Array.from({ length: clientsPerGateway }, () => client(gateway, index))),
  );
  await stop();
  expect(most).toBe(limit);
  for (const count of served) expect(count).toBeGreaterThan(0);
  const { rows } = await database.db.raw<{ rows: { held: string }[] }>(
    "select sum(held) as held from permit where owner = ?",
    [owner],
  );
  expect(Number(rows[0]?.held)).toBeLessThanOrEqual(limit);
});
