import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { PermitAsk, PermitGrant } from "@topdog/contracts/rpc/take-permits";
import type { PermitsRecalled } from "@topdog/contracts/signals/permits-recalled";
import { forgetPermits } from "../src/store/permits.ts";
import { createListening } from "../src/usecases/listening.ts";
import { answerPermits, permitSilenceMs, type PermitDeps } from "../src/usecases/take-permits.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const owner = "user:pro";
const limit = 2;

let quota: QuotaOnPostgres;
let deps: PermitDeps;
let recalls: PermitsRecalled[];
let nowMs: number;
let version = 0;

beforeAll(async () => {
  quota = await quotaOnPostgres();
  await quota.db.raw("insert into entitlement (owner, plan, seats, version) values (?, 'pro', 1, 1)", [owner]);
});
afterAll(() => quota.drop());
beforeEach(async () => {
  await quota.db.raw("delete from permit");
  nowMs = 0;
  recalls = [];
  const listening = createListening(() => nowMs);
  nowMs = permitSilenceMs;
  const { presence, metrics } = quota.deps;
  deps = { db: quota.db, presence, metrics, listening, recall: (signal) => void recalls.push(signal) };
});

async function ask(gatewayId: string, wish: Partial<PermitAsk>, at = (version += 1)): Promise<PermitGrant> {
  const full = { owner, running: 0, held: 0, want: 0, ...wish };
  const [grant] = await answerPermits(deps, { gatewayId, version: at, asks: [full] });
  if (grant === undefined) throw new Error("no grant was answered");
  return grant;
}

test("twenty gateways that ask at the same moment get exactly the plan's concurrent requests together", async () => {
  const names = Array.from({ length: 20 }, (_, index) => `gateway-${index}`);
  const grants = await Promise.all(names.map((name) => ask(name, { want: 1 })));
  expect(grants.reduce((sum, { held }) => sum + (held ?? 0), 0)).toBe(limit);
  expect(grants.every((grant) => grant.limit === limit)).toBe(true);
});

test("what lacks is asked for at the others, and given once it came back", async () => {
  await ask("gateway-a", { want: 2 });
  expect(await ask("gateway-b", { want: 1 })).toMatchObject({ held: 0, others: 2 });
  expect(recalls).toEqual([{ owner, forGateway: "gateway-b" }]);
  await ask("gateway-a", { running: 1, held: 1 });
  expect(await ask("gateway-b", { want: 1 })).toMatchObject({ held: 1, others: 1 });
});

test("an older message that arrives later changes nothing", async () => {
  const older = (version += 1);
  await ask("gateway-a", { want: 2 });
  expect((await ask("gateway-a", {}, older)).held).toBeNull();
  expect(await ask("gateway-b", { want: 1 })).toMatchObject({ held: 0, others: 2 });
});

test("a gateway that is silent holds nothing, unless quota could not have heard it", async () => {
  await ask("gateway-a", { want: 2 });
  await quota.db.raw("update gateway set last_seen = last_seen - interval '7 seconds' where gateway_id = 'gateway-a'");
  nowMs = permitSilenceMs - 1;
  expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 0 });
  nowMs = permitSilenceMs;
  expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 2, others: 0 });
});

test("who has no subscription has the free plan's single request; a seat-holder has the org's plan", async () => {
  await quota.db.raw("insert into entitlement (owner, plan, seats, version) values ('org:o', 'teams', 3, 1)");
  const of = (one: string) => ask("gateway-a", { owner: one, want: 9 });
  expect((await of("user:nobody")).held).toBe(1);
  expect((await of("seat:o:u")).held).toBe(3);
  expect((await of("org:o")).held).toBe(9);
});

test("what is empty or of gateways long gone is forgotten, and nothing else", async () => {
  await ask("gateway-a", { want: 1 });
  await ask("gateway-b", {});
  await ask("gateway-c", { owner: "user:other", want: 1 });
  await quota.db.raw("update permit set changed_at = changed_at - interval '2 hours'");
  await quota.db.raw("update gateway set last_seen = last_seen - interval '2 hours' where gateway_id = 'gateway-c'");
  await forgetPermits(quota.db);
  const { rows } = await quota.db.raw<{ rows: unknown[] }>("select gateway_id from permit");
  expect(rows).toEqual([{ gateway_id: "gateway-a" }]);
});
