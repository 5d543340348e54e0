import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { callerOf, usageOf } from "@topdog/testing/usage";
import { createMetrics } from "@topdog/telemetry/metrics";
import { childEnv } from "@topdog/testing/child-env";
import { silentLogger } from "@topdog/testing/logger";
import { createQuotaMetrics } from "../src/metrics.ts";
import { type MeteringState, proveMetering, readMetering, writeOffUnknown } from "../src/store/metering-proof.ts";
import { createConsistencyMeter } from "../src/usecases/measure-consistency.ts";
import { reconcileDay } from "../src/usecases/reconcile-day.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const owners = ["user:a", "user:b", "user:c"];
const deadlineMs = 60_000;

let quota: QuotaOnPostgres;
let leases: Map<string, string>;
const leaseOf = (owner: string): string => leases.get(owner) ?? "";
beforeEach(async () => {
  quota = await quotaOnPostgres();
  leases = new Map();
  for (const owner of owners) {
    const { leaseId } = await quota.sync("gateway-a", { owner, want: 4 });
    await quota.sync("gateway-a", { owner, leaseId, used: 2 });
    leases.set(owner, leaseId ?? "");
  }
});
afterEach(() => quota.drop());

async function prove(): Promise<MeteringState> {
  while ((await proveMetering(quota.db, 100)) > 0);
  return readMetering(quota.db, deadlineMs);
}
const today = async (): Promise<string> => (await quota.deps.store.readClock()).today;
const tell = async (owner: string, seq: number): Promise<void> => {
  const charge = { meter: "api_calls" as const, leaseId: leaseOf(owner), seq };
  const usage = usageOf([charge], { ...callerOf(owner), day: await today() });
  const { rejected } = await recordUsage(quota.deps, [usage], Date.now());
  expect(rejected.size).toBe(0);
};

describe("the metering proof", () => {
  test("counts what was written, once, whoever wrote it and in whatever order", async () => {
    await tell("user:a", 2);
    await tell("user:a", 4);
    const state = await prove();
    expect(state).toMatchObject({ buckets: 3, charges: 7, disagreeingBuckets: 0, missingSeqs: 1, firstGap: null });
    await quota.sync("gateway-a", { owner: "user:a", leaseId: leaseOf("user:a"), used: 4 });
    expect(await prove()).toMatchObject({ charges: 8, missingSeqs: 0, oldestGapMs: null });
  });

  test("agrees at every moment between a write and the run that adds it up", async () => {
    await proveMetering(quota.db, 1);
    expect(await readMetering(quota.db, deadlineMs)).toMatchObject({ disagreeingBuckets: 0 });
    await tell("user:b", 1);
    await proveMetering(quota.db, 1);
    expect(await readMetering(quota.db, deadlineMs)).toMatchObject({ disagreeingBuckets: 0 });
  });

  test("names the bucket and the lease of a row that is gone, until it is back", async () => {
    await prove();
    const { rows } = await quota.db.raw<{ rows: Record<string, unknown>[] }>(
      "delete from ledger where lease_id = ? and seq = 1 returning *",
      [leaseOf("user:b")],
    );
    const broken = await prove();
    expect(broken.disagreeingBuckets).toBe(1);
    expect(broken.firstGap).toMatchObject({ owner: "user:b", kind: "agreement" });
    const { gaps } = await reconcileDay(quota.db, await today());
    expect(gaps).toContainEqual(
      expect.objectContaining({
        owner: "user:b",
        leaseId: leaseOf("user:b"),
        guarantee: "acked is what the ledger holds",
      }),
    );
    await quota.db("ledger").insert(rows.map((row) => ({ ...row, day: broken.toDay })));
    expect(await prove()).toMatchObject({ disagreeingBuckets: 0, firstGap: null });
  });

  test("a counter that is moved by hand shows with the bucket's next call", async () => {
    await prove();
    await quota.db.raw("update bucket set settled = settled + 1 where owner = 'user:c'");
    await quota.sync("gateway-a", { owner: "user:c", leaseId: leaseOf("user:c"), used: 3 });
    expect((await prove()).firstGap).toMatchObject({
      owner: "user:c",
      leaseId: null,
      guarantee: "settled is the sum of the ledger",
      expected: 3,
      actual: 4,
    });
  });

  test("a gap that stands while its bucket has more calls stays, and what is written elsewhere is compared", async () => {
    await prove();
    await quota.db.raw("update bucket set settled = settled + 1 where owner = 'user:c'");
    for (const used of [3, 4]) {
      await quota.sync("gateway-a", { owner: "user:c", leaseId: leaseOf("user:c"), used });
      expect(await prove()).toMatchObject({ disagreeingBuckets: 1, firstGap: { expected: used, actual: used + 1 } });
    }
  });

  test("calls without a usage record count against it, of any day, until it comes or an operator writes it off", async () => {
    await quota.deps.store.markUnknown(0, 1);
    expect(await prove()).toMatchObject({ disagreeingBuckets: 1, unknownRows: 1, firstGap: { kind: "unknown" } });
    expect((await reconcileDay(quota.db, await today())).gaps).toMatchObject([
      { guarantee: "every call has its usage record" },
    ]);
    expect(await writeOffUnknown(quota.db, await today(), "the router's disk is lost")).toBe(1);
    expect(await prove()).toMatchObject({ disagreeingBuckets: 0, unknownRows: 1 });
    for (const owner of owners) await tell(owner, 1);
    expect(await prove()).toMatchObject({ disagreeingBuckets: 0, unknownRows: 0 });
  });

  test("rows that nobody gives up after their deadline count against it", async () => {
    await quota.db.raw("update ledger set recorded_at = recorded_at - interval '1 hour' where lease_id = ?", [
      leaseOf("user:a"),
    ]);
    await prove();
    const consistency = await meter()();
    expect(consistency).toMatchObject({ overdueRows: 2, agreeingBuckets: 1 });
    expect(consistency.ratio).toBeCloseTo(1 / 3);
  });
});

function meter(metrics = createMetrics("quota")) {
  const deps = { db: quota.db, metrics: createQuotaMetrics(metrics), logger: silentLogger(), nowMs: Date.now };
  return createConsistencyMeter({ ...deps, usageDeadlineMs: 0 });
}

test("a failure shows no figure rather than an old one", async () => {
  const metrics = createMetrics("quota");
  const ratio = /^topdog_quota_metering_consistency_ratio\{/m;
  await prove();
  await meter(metrics)();
  expect(await metrics.text()).toMatch(ratio);
  await tell("user:a", 1);
  await tell("user:a", 3);
  await quota.db.raw("update ledger_delta set noted_at = noted_at - interval '2 minutes'");
  await expect(meter(metrics)()).rejects.toThrow(/is compared up to 1[2-9]\d s ago only/);
  expect(await metrics.text()).not.toMatch(ratio);
});

async function runReconcile(): Promise<{ status: number; out: string }> {
  const command = join(import.meta.dirname, "../src/commands/reconcile.ts");
  const flags = [
    "--conditions=@topdog/source",
    "--disable-warning=ExperimentalWarning",
    command,
    "--day",
    await today(),
  ];
  try {
    return {
      status: 0,
      out: execFileSync(process.execPath, flags, { env: { ...childEnv(), DATABASE_URL: quota.url }, encoding: "utf8" }),
    };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, out: stdout };
  }
}

test("reconcile proves a day and ends with 1 when there is a gap", async () => {
  for (const owner of owners) for (const seq of [1, 2]) await tell(owner, seq);
  const whole = await runReconcile();
  expect(whole.out).toContain("6 charges - 0 refunds = 6; settled 6");
  expect(whole).toMatchObject({ status: 0, out: expect.stringContaining("no gap") });
  await quota.db.raw("delete from ledger where lease_id = ? and seq = 2", [leaseOf("user:b")]);
  const broken = await runReconcile();
  expect(broken.status).toBe(1);
  expect(broken.out).toContain(`gap: user:b api_calls lease ${leaseOf("user:b")}: acked is what the ledger holds`);
});

test("reconcile proves what members drew of their org's bucket, and names whose draw is wrong", async () => {
  const owner = "org:shared";
  await quota.owner.raw(
    "insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap) values (?, 'api_calls', utc_today(), ?, 'teams', 400, 400)",
    [owner, owner],
  );
  const [ann, bob] = await Promise.all(
    ["ann", "bob"].map((member) => quota.sync("gateway-a", { owner, member, want: 10 })),
  );
  // As the release before makes them: for nobody.
  await quota.sync("gateway-a", { owner, want: 10 });
  await quota.sync("gateway-a", { owner, member: "ann", leaseId: ann?.leaseId ?? "", used: 3, returned: 2 });
  const given = usageOf([{ meter: "api_calls", leaseId: ann?.leaseId ?? "", seq: 1 }], {
    ...callerOf(owner),
    day: await today(),
    refund: true,
  });
  expect((await recordUsage(quota.deps, [given], Date.now())).rejected.size).toBe(0);
  await quota.sync("gateway-a", { owner, member: "bob", leaseId: bob?.leaseId ?? "", used: 1, close: true });
  expect(await reconcileDay(quota.db, await today())).toMatchObject({ sums: { members: 2, drawn: 8 }, gaps: [] });

  await quota.db.raw("update member_draw set drawn = drawn + 1 where member = 'ann'");
  const broken = await runReconcile();
  expect(broken.status).toBe(1);
  expect(broken.out).toContain("draws     9 by 2 members of orgs");
  expect(broken.out).toContain(
    `gap: ${owner} api_calls member ann: what a member drew is what their leases took: expected 7, is 8`,
  );
  await quota.db.raw("update member_draw set drawn = drawn - 1 where member = 'ann'");
  await quota.db.raw("delete from member_draw where member = 'bob'");
  expect((await reconcileDay(quota.db, await today())).gaps).toMatchObject([
    { owner, leaseId: null, member: "bob", expected: 1, actual: 0 },
    {
      owner,
      leaseId: null,
      member: null,
      guarantee: "what members drew is settled or in escrow",
      expected: 18,
      actual: 17,
    },
  ]);
});
