import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Charge } from "@topdog/contracts/quota";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { idsPerEpoch } from "../src/store/leases.ts";
import { poolOptions } from "../src/store/database.ts";
import { createQuotaStore, quotaTransaction } from "../src/store/quota-store.ts";
import { applySubscription } from "../src/usecases/apply-subscription.ts";
import { closeAbandonedLeases } from "../src/usecases/close-abandoned-leases.ts";
import { proveMetering, readMetering } from "../src/store/metering-proof.ts";
import { readLimits } from "../src/usecases/read-limits.ts";
import { readUsage } from "../src/usecases/read-usage.ts";
import { openHistory, readHistoryPage } from "../src/usecases/read-usage-history.ts";
import { forgetPermits } from "../src/store/permits.ts";
import { forgetOldDays } from "../src/store/retention.ts";
import { foldUsage, forgetUsage } from "../src/store/usage-rollups.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";
import { explainAll, noteStatements, type PlanMode, rowsRead, type SentStatement } from "./explained.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";
import { callerOf, usageOf } from "@topdog/testing/usage";

const openLeases = 100_000;
const rowsPerLease = 10;
const fillMs = 120_000;
/** More than one pass of any job takes. */
const oldOpenRows = 20_000;
const leasesOfGoneGateway = 20_000;
/** Generous, for a statement about the two buckets of one caller. */
const ofOneCaller = { rows: 150, pages: 300 };
/** For a job's pass that takes as many as it may: 5,000 rows found and written. */
const rowsOfOnePass = 15_000;
/** Each is found, removed, added to three sums, and its bucket compared. */
const notesOfOnePass = 300;
/** Each is found, removed, and looked up in two sums. */
const deltasOfOnePass = 2_000;

let quota: QuotaOnPostgres;
let db: Database;
let deps: QuotaOnPostgres["deps"];
beforeAll(async () => {
  quota = await quotaOnPostgres();
  await quota.db.raw("select ensure_ledger_partitions(1)");
  await quota.db.raw(
    "insert into gateway values ('gateway-busy', utc_now()), ('gateway-gone', utc_now() - interval '1 hour')",
  );
  const settings = { synchronous_commit: "off" };
  const filler = createDatabase({
    url: quota.ownerUrl,
    applicationName: "quota-fill",
    settings,
    statementTimeoutMs: fillMs,
  });
  await fillDay(filler, "utc_today() - 1", openLeases / 10);
  await filler.raw("update lease set state = 'closed', returned = size - acked");
  await filler.raw("vacuum analyze");
  await fillDay(filler, "utc_today()", openLeases);
  await fillUsage(filler, 50_000, 20_000);
  await filler.destroy();
}, fillMs);
afterAll(() => quota.drop());

/** A day with many keys, some of whose gateway is gone and some of whose calls were never accounted for. */
async function fillDay(admin: Database, day: string, keys: number): Promise<void> {
  await admin.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled, escrow)
     select 'user:u' || n, 'api_calls', ${day}, 'user:u' || n, 'free', 75, 75, ${rowsPerLease}, 1
     from generate_series(1, ${keys}) as n`,
  );
  await admin.raw(
    `insert into lease (owner, meter, day, gateway_id, size, acked, reported, highest_seq, credit_window)
     select 'user:u' || n, 'api_calls', ${day}, case when n <= ${leasesOfGoneGateway} then 'gateway-gone' else 'gateway-busy' end,
       ${rowsPerLease + 1}, ${rowsPerLease}, ${rowsPerLease}, ${rowsPerLease}, 2 from generate_series(1, ${keys}) as n`,
  );
  await admin.raw(
    `insert into ledger (lease_id, seq, entry, day, meter, amount, state, recorded_at, user_id, org_id)
     select lease_id, seq, 'charge', day, meter, 1,
       case when lease_id % ${openLeases / oldOpenRows} = 0 and seq = 1 then 'admitted' else 'completed' end,
       now() - interval '1 hour', case when lease_id % 10 = 0 then split_part(owner, ':', 2) end,
       case when lease_id % 10 = 0 then 'org_' || lease_id % ${openLeases / 10} end
     from lease, generate_series(1, ${rowsPerLease}) as seq where day = ${day} and gateway_id in ('gateway-busy', 'gateway-gone')`,
  );
}

/** Sums of many members, and what is to be added to them. */
async function fillUsage(admin: Database, sums: number, deltas: number): Promise<void> {
  await admin.raw(
    `insert into usage_rollup select 'user:u' || n, g, date_trunc(g, utc_now() - make_interval(days => n % 120), 'UTC'),
       'u' || n, 'key_1', 'personal', 'small', 'a', 1, 1, 1, 0, 1, 1, 1, 0 from generate_series(1, ${sums}) n, unnest(array['hour', 'day']) g`,
  );
  await admin.raw(
    `insert into usage_rollup_delta (tenant, at, user_id, key_id, source, calls, llm_requests, answered_calls, refunded_calls,
       prompt_tokens, completion_tokens, cost_nano_usd, unpriced_calls)
     select 'user:u' || n, date_trunc('hour', utc_now(), 'UTC'), 'u' || n, 'key_1', 'personal', 1, 1, 1, 0, 1, 1, 1, 0 from generate_series(1, ${deltas}) n`,
  );
}

const ask = { leaseId: null, used: 0, returned: 0, want: 4, close: false } as const;
const meters = ["api_calls", "llm_requests"] as const;
const gatewayId = "gateway-steady";

/** Everything that gateways, routers, billing and callers ask of quota, by one caller who is new. */
async function serveOneCaller(owner: string): Promise<void> {
  const first = await synchronizeLeases(deps, { gatewayId, leases: meters.map((meter) => ({ ...ask, owner, meter })) });
  const of = (seq: number): Charge[] =>
    first.leases.map(({ meter, leaseId }) => ({ meter, leaseId: leaseId ?? "", seq }));
  const record = async (seq: number, refund: boolean): Promise<void> => {
    expect(
      (await recordUsage(deps, [usageOf(of(seq), { ...callerOf(owner), refund })], Date.now())).rejected.size,
    ).toBe(0);
  };
  const report = (used: number, close: boolean) => {
    const leases = first.leases.map(({ meter, leaseId }) => ({ ...ask, owner, meter, leaseId, used, close }));
    return synchronizeLeases(deps, { gatewayId, leases });
  };
  await record(1, false);
  await report(2, false);
  await record(2, true);
  const subscription = { interval: "month", status: "active", changedAt: new Date().toISOString() } as const;
  const version = Math.floor(Date.now() / 1_000);
  await deps.store.transaction((tx) =>
    applySubscription(tx, { ...subscription, owner, version, plan: "pro", seats: 1 }),
  );
  const pool = `org:of-${owner.slice("user:".length)}`;
  const drawing = { ...ask, owner: pool, meter: "api_calls", member: "u70" } as const;
  await synchronizeLeases(deps, { gatewayId, leases: [drawing] });
  await readLimits(db, [{ orgId: "of", personal: owner, pool, member: "u70" }], []);
  const place = { userId: "u70", orgId: "org_70", seesWholeOrg: true };
  await readUsage(db, place, { scope: "own" });
  await readUsage(db, place, { scope: "org" });
  for (const interval of ["hour", "day"] as const) {
    const query = await openHistory(db, place, { interval, scope: "org", groupBy: ["meter", "key", "member"] });
    await readHistoryPage(db, query, ["2026", "", "", ""], 100);
  }
  await report(2, true);
  const again = meters.map((meter) => ({ ...ask, owner, meter, endedLeaseId: "1", want: 0 }));
  await synchronizeLeases(deps, { gatewayId, leases: again });
  // The last report on a lease that a restored database would not know.
  const lost = (BigInt(first.leases[0]?.leaseId ?? "") + idsPerEpoch).toString();
  const last = { ...ask, owner, meter: "api_calls", leaseId: lost, used: 1, want: 0, close: true } as const;
  await synchronizeLeases(deps, {
    gatewayId,
    leases: [{ ...last, told: { day: first.day, size: 4, reported: 0 } }],
  });
  // A heartbeat.
  await synchronizeLeases(deps, { gatewayId, leases: [] });
}

async function runJobs(): Promise<void> {
  expect(await proveMetering(db, notesOfOnePass)).toBe(notesOfOnePass);
  await readMetering(db, 960_000);
  await forgetOldDays(db, 90, 500);
  await forgetPermits(db);
  expect(await closeAbandonedLeases(deps, 60_000)).toBe(500);
  expect(await deps.store.markUnknown(60_000, 5_000)).toBe(5_000);
  await foldUsage(db, deltasOfOnePass);
  await forgetUsage(db, "hour", 100, deltasOfOnePass);
  await deps.store.forgetGateways();
  await deps.store.ensurePartitions(1);
}

const textOf = ({ sql }: SentStatement): string => sql.replaceAll(/\s+/g, " ").slice(0, 200);

/** What the planner knows: of a day that began since, nothing; or all. */
describe.each(["yesterday's", "today's"])(
  "with 100,000 leases open, a million ledger rows and %s statistics",
  (known) => {
    let ofCaller: SentStatement[];
    let ofJobs: SentStatement[];
    const methods = new Set<string>();

    beforeAll(async () => {
      if (known === "today's") await quota.owner.raw("analyze");
      db = createDatabase({ url: quota.url, applicationName: "quota-flat", ...poolOptions(4) });
      const { transaction, ...rest } = createQuotaStore(db);
      const noting = <T extends object>(part: T): T =>
        new Proxy(part, { get: (target, name) => (methods.add(String(name)), Reflect.get(target, name) as unknown) });
      deps = {
        ...quota.deps,
        store: { ...noting(rest), transaction: (work) => transaction((tx) => work(noting(tx))) },
      };
      const sent = noteStatements(db);
      await serveOneCaller(`user:new-with-${known.slice(0, 5)}`);
      ofCaller = sent.splice(0);
      await runJobs();
      ofJobs = sent.splice(0);
    }, 60_000);
    afterAll(() => db.destroy());

    test("every statement of the store is among those whose plans are read, but for the outbox's", () => {
      const all = [...Object.keys(quotaTransaction(db as never)), ...Object.keys(createQuotaStore(db))];
      expect(all.filter((name) => !methods.has(name))).toEqual(["publishExhausted", "transaction"]);
    });

    test.each<PlanMode>(["force_custom_plan", "force_generic_plan"])(
      "no statement about one caller touches more than that caller's rows, under %s",
      async (mode) => {
        const touched = await explainAll(quota.ownerUrl, mode, ofCaller);
        const tooMany = touched.filter(({ rows, pages }) => rows > ofOneCaller.rows || pages > ofOneCaller.pages);
        expect(tooMany.map((one) => [textOf(one), one.rows, one.pages])).toEqual([]);
      },
    );

    test.each<PlanMode>(["force_custom_plan", "force_generic_plan"])(
      "no pass of a job touches more than the pass may take, under %s",
      async (mode) => {
        const touched = await explainAll(quota.ownerUrl, mode, ofJobs);
        const tooMany = touched.filter(({ rows }) => rows > rowsOfOnePass);
        expect(tooMany.map((one) => [textOf(one), one.rows, one.pages])).toEqual([]);
      },
    );
  },
);

describe("with an org's bucket from which 500 members draw through four gateways", () => {
  const [members, gateways] = [500, 4];
  const pool = "org:large";
  let leaseIds: string[];

  beforeAll(async () => {
    const { owner } = quota;
    await owner.raw(
      `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, escrow)
       values (?, 'api_calls', utc_today(), ?, 'enterprise', 875000, 875000, ?)`,
      [pool, pool, 10 * members * gateways],
    );
    const { rows } = await owner.raw<{ rows: { leaseId: string; gatewayId: string }[] }>(
      `insert into lease (owner, meter, day, gateway_id, member, size, credit_window)
       select ?, 'api_calls', utc_today(), 'gateway-' || g, 'm' || m, 10, 32 from generate_series(1, ${gateways}) g, generate_series(1, ${members}) m
       returning lease_id::text as "leaseId", gateway_id as "gatewayId"`,
      [pool],
    );
    await owner.raw(
      `insert into member_draw (owner, meter, day, member, drawn, asked_at)
       select ?, 'api_calls', utc_today(), 'm' || m, ${10 * gateways}, utc_now() from generate_series(1, ${members}) m`,
      [pool],
    );
    leaseIds = rows.filter((row) => row.gatewayId === "gateway-1").map(({ leaseId }) => leaseId);
    db = createDatabase({ url: quota.url, applicationName: "quota-large", ...poolOptions(2) });
    deps = { ...quota.deps, store: createQuotaStore(db) };
  });
  afterAll(() => db.destroy());

  test.each([1, 100])(
    "a message with %i reports of it reads each of its open leases and draws once, and no more for each report than its own rows",
    async (reports) => {
      const report = { ...ask, owner: pool, meter: "api_calls", used: 1, want: 2 } as const;
      const leases = leaseIds.splice(0, reports).map((leaseId) => ({ ...report, leaseId }));
      const sent = noteStatements(db);
      const answer = await synchronizeLeases(deps, { gatewayId: "gateway-1", leases });
      expect(new Set(answer.leases.map(({ reported, size, status }) => [reported, size, status].join(" ")))).toEqual(
        new Set(["1 12 ok"]),
      );
      for (const mode of ["force_custom_plan", "force_generic_plan"] as const) {
        const touched = await explainAll(quota.ownerUrl, mode, sent);
        const most = members * gateways + 30 * reports;
        expect(touched.filter(({ rows }) => rows > most).map((one) => [textOf(one), one.rows])).toEqual([]);
      }
    },
  );

  test("what is read of other leases is a row for each member, whatever gateways they have called through", async () => {
    const day = (await deps.store.readClock()).today;
    const bucket = { owner: pool, meter: "api_calls", day, asks: false } as const;
    const named = leaseIds.slice(0, 3);
    const { leases, others } = await deps.store.transaction((tx) => tx.readHeldLeases("gateway-1", named, [bucket]));
    expect([leases.map(({ leaseId }) => leaseId).toSorted(), others.length]).toEqual([named.toSorted(), members]);
    expect(others.reduce((sum, one) => sum + one.leases, 0)).toBe(members * gateways - named.length);
  });
});

describe("with plans that a connection made while nothing was stored", () => {
  const keys = 5_000;
  const linesOfOnePass = 50;
  let young: QuotaOnPostgres;

  const serveAndWork = async (owner: string): Promise<void> => {
    await serveOneCaller(owner);
    await foldUsage(db, linesOfOnePass);
    await proveMetering(db, linesOfOnePass);
  };

  beforeAll(async () => {
    young = await quotaOnPostgres();
    await young.db.raw("select ensure_ledger_partitions(1)");
    await young.db.raw("insert into gateway values ('gateway-busy', utc_now()), ('gateway-gone', utc_now())");
    db = createDatabase({ url: young.url, applicationName: "quota-young", ...poolOptions(1) });
    deps = { ...young.deps, store: createQuotaStore(db) };
    // From the sixth time on a plan is for any values, and is kept until statistics are gathered.
    for (let n = 0; n < 7; n += 1) await serveAndWork(`user:early-${n}`);
    await fillDay(young.owner, "utc_today()", keys);
    await fillUsage(young.owner, keys, keys);
  }, fillMs);
  afterAll(async () => {
    await db.destroy();
    await young.drop();
  });

  test("a caller and the jobs read as few rows as before of a day that has many by then", async () => {
    const before = await rowsRead(db);
    await serveAndWork("user:late");
    expect((await rowsRead(db)) - before).toBeLessThan(3_000);
  });
});
