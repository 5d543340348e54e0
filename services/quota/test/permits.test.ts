import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PermitAsk, PermitGrant } from "@topdog/contracts/rpc/take-permits";
import type { PermitsRecalled } from "@topdog/contracts/signals/permits-recalled";
import { createPermitStore, forgetPermits } from "../src/store/permits.ts";
import { answerPermits, permitSilenceMs, type PermitDeps } from "../src/usecases/take-permits.ts";
import { createPassingTime, type PassingTime } from "./passing-time.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const owner = "user:pro";
const limit = 2;

let quota: QuotaOnPostgres;
let deps: PermitDeps;
let recalls: PermitsRecalled[];
let time: PassingTime;
let version = 0;

beforeAll(async () => {
  quota = await quotaOnPostgres();
  await quota.db.raw("insert into entitlement (owner, plan, seats, version) values (?, 'pro', 1, 1)", [owner]);
});
afterAll(() => quota.drop());
beforeEach(async () => {
  await quota.db.raw("delete from permit");
  recalls = [];
  time = await createPassingTime(quota);
  await time.pass(permitSilenceMs);
  const { listening } = time;
  const { presence, metrics } = quota.deps;
  deps = {
    store: createPermitStore(quota.db),
    presence,
    metrics,
    listening,
    recall: (signal) => void recalls.push(signal),
  };
});

async function ask(gatewayId: string, wish: Partial<PermitAsk>, at = (version += 1)): Promise<PermitGrant> {
  const full = { owner, running: 0, held: 0, want: 0, ...wish };
  const {
    grants: [grant],
  } = await answerPermits(deps, { gatewayId, version: at, asks: [full] });
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

test("a message that is carried out once more, long after its answer, takes no permit that its gateway does not know of", async () => {
  await ask("gateway-a", { want: limit });
  const at = (version += 1);
  expect((await ask("gateway-b", { want: 1 }, at)).held).toBe(0);
  await ask("gateway-a", {});
  expect((await ask("gateway-b", { want: 1 }, at)).held).toBe(0);
  expect(await ask("gateway-a", { want: limit })).toMatchObject({ held: limit, others: 0 });
  // What was granted the first time is answered again: that answer may have been lost.
  await ask("gateway-a", {});
  const again = (version += 1);
  for (let time = 0; time < 2; time += 1) expect((await ask("gateway-b", { want: 1 }, again)).held).toBe(1);
});

describe("a gateway that is silent", () => {
  beforeEach(async () => {
    await ask("gateway-a", { want: 2 });
  });
  const silent = () =>
    quota.db.raw("update gateway set last_seen = last_seen - interval '7 seconds' where gateway_id = 'gateway-a'");

  test("holds nothing, unless quota could not have heard it", async () => {
    await silent();
    time.listening.interrupted();
    await time.pass(1_000);
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 0 });
    await time.pass(permitSilenceMs);
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 2, others: 0 });
  });

  test("holds what it held while the answering process stood still", async () => {
    await time.standStill(permitSilenceMs * 2);
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 0, others: 2 });
  });

  test.each([
    ["forward", 86_400_000],
    ["back", -86_400_000],
  ])("only by a clock that was put %s holds what it held", async (_direction, ms) => {
    await time.moveDatabase(ms);
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 0, others: 2 });
    await time.pass(permitSilenceMs);
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 2, others: 0 });
  });
});

describe("what was written before the database's server was started, and may be of a history that a restore brought back,", () => {
  const isHeard = () => quota.db.raw("update gateway set last_seen = utc_now() where gateway_id = 'gateway-a'");
  beforeEach(async () => {
    await ask("gateway-a", { want: 2 });
    await quota.db.raw("update permit set server_started = 'another start'");
    time.restartDatabase();
  });

  test("counts until its gateway can have said it again, and no longer: that gateway may hold nothing, and would never say so", async () => {
    await time.pass(1_000);
    await isHeard();
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 0, others: 2 });
    await time.pass(permitSilenceMs);
    await isHeard();
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 2, others: 0 });
  });

  test("counts on once its gateway has said it again", async () => {
    await ask("gateway-a", { running: 1, held: 1 });
    await time.pass(permitSilenceMs);
    await isHeard();
    expect(await ask("gateway-b", { want: 2 })).toMatchObject({ held: 1, others: 1 });
  });
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
