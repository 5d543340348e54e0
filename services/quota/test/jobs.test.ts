import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Job } from "@topdog/service/job";
import { usageOf } from "@topdog/testing/usage";
import { createJobs } from "../src/jobs/jobs.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { createPassingTime, type PassingTime } from "./passing-time.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const gatewayTimeoutMs = 60_000;
/** The real clocks go on too: on a busy machine for some seconds. */
const slackMs = 20_000;

let quota: QuotaOnPostgres;
let time: PassingTime;
let connected: boolean;
let storeOfBus: string;
let jobs: ReadonlyMap<string, Job>;

beforeEach(async () => {
  quota = await quotaOnPostgres();
  time = await createPassingTime(quota);
  connected = true;
  storeOfBus = "the first";
  const created = createJobs({
    db: quota.db,
    deps: quota.deps,
    listening: time.listening,
    isBusConnected: () => connected,
    gatewayTimeoutMs,
    usageDeadlineMs: 600_000,
    ledgerKeptDays: 90,
    measureConsistency: () => Promise.resolve(),
    storeCreated: () => Promise.resolve(storeOfBus),
  });
  jobs = new Map(created.map((job) => [job.name, job]));
});
afterEach(() => quota.drop());

const run = (name: string): Promise<unknown> => {
  const job = jobs.get(name);
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return job.run(new AbortController().signal);
};
const states = async (table: "lease" | "ledger"): Promise<string[]> => {
  const { rows } = await quota.db.raw<{ rows: { state: string }[] }>("select state from ?? order by 1", [table]);
  return rows.map(({ state }) => state);
};
/** A lease of which one token is used, of a gateway that was last seen an hour ago. */
async function abandonedLease(): Promise<void> {
  const { leaseId } = await quota.sync("gateway-a", { owner: "user:a", want: 4 });
  await quota.sync("gateway-a", { owner: "user:a", leaseId, used: 1 });
  await quota.db.raw("update gateway set last_seen = last_seen - interval '1 hour'");
}

describe("the job that closes abandoned leases", () => {
  beforeEach(abandonedLease);
  const longEnough = async (): Promise<void> => {
    await time.pass(gatewayTimeoutMs);
    await run("close-abandoned-leases");
  };

  test("acts once gateways could have been heard for their whole timeout", async () => {
    await time.pass(gatewayTimeoutMs - slackMs);
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
    await time.pass(slackMs);
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["closed"]);
    expect(await quota.violations()).toEqual([]);
  });

  test("counts no silence from before the bus was back", async () => {
    await time.pass(gatewayTimeoutMs);
    connected = false;
    await run("close-abandoned-leases");
    connected = true;
    await time.pass(gatewayTimeoutMs - slackMs);
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
  });

  test("counts no silence from while its own process stood still, or could not read the database", async () => {
    await time.standStill(gatewayTimeoutMs * 2);
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
  });

  test.each([
    ["forward", 86_400_000],
    ["back", -86_400_000],
  ])("counts no silence that only a clock put %s by a day shows", async (_direction, ms) => {
    await time.pass(gatewayTimeoutMs);
    await quota.db.raw("update gateway set last_seen = utc_now()");
    await time.moveDatabase(ms);
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
    // Nobody touched it since: by then it is gone, whatever the old clock said.
    await longEnough();
    expect(await states("lease")).toEqual(["closed"]);
  });
});

test("rows that stayed open beyond the deadline are given up", async () => {
  await abandonedLease();
  await run("give-up-open-rows");
  expect(await states("ledger")).toEqual(["admitted"]);
  await quota.db.raw("update ledger set recorded_at = recorded_at - interval '1 hour'");
  await run("give-up-open-rows");
  expect(await states("ledger")).toEqual(["unknown"]);
});

test("partitions are made and forgotten gateways are removed", async () => {
  await run("make-partitions");
  await run("forget-gateways");
  expect(await quota.violations()).toEqual([]);
});

describe("the job that tells a new store of the bus", () => {
  const announced = async (): Promise<string[]> => {
    const { rows } = await quota.db.raw<{ rows: { owner: string }[] }>(
      "select payload::json ->> 'owner' as owner from outbox where subject = 'topdog.quota.exhausted.v1' order by seq",
    );
    return rows.map(({ owner }) => owner);
  };
  const summed = async (): Promise<unknown[]> => {
    const { rows } = await quota.db.raw<{ rows: unknown[] }>(
      "select payload from outbox where subject = 'topdog.usage.summed.v1'",
    );
    return rows;
  };
  const spend = async (owner: string): Promise<void> => {
    const { leaseId, size } = await quota.sync("gateway-a", { owner, meter: "llm_requests", want: 40 });
    for (let held = size; held > 0;) {
      const grant = await quota.sync("gateway-a", { owner, meter: "llm_requests", leaseId, used: held, want: 40 });
      if (grant.size === held) return;
      held = grant.size;
    }
  };

  test("tells one that was made anew which days are spent, and one that knows it nothing", async () => {
    await spend("user:a");
    await spend("user:b");
    await quota.sync("gateway-a", { owner: "user:not-spent", meter: "llm_requests", want: 4 });
    await run("tell-new-store");
    await quota.db.raw("delete from outbox");
    await run("tell-new-store");
    expect(await announced()).toEqual([]);
    storeOfBus = "the second";
    await run("tell-new-store");
    await run("tell-new-store");
    expect(await announced()).toEqual(["user:a", "user:b"]);
  });

  test("tells it what members used, too, and a run that is cut goes on where it was", async () => {
    const { leaseId } = await quota.sync("gateway-a", { owner: "user:ann", want: 4 });
    await recordUsage(
      quota.deps,
      [usageOf([{ meter: "api_calls", leaseId: leaseId ?? "", seq: 1 }], { userId: "ann", orgId: null })],
      Date.now(),
    );
    await run("fold-usage");
    await quota.db.raw("delete from outbox");
    await jobs.get("tell-new-store")?.run(AbortSignal.abort());
    expect(await summed()).toEqual([]);
    await run("tell-new-store");
    await run("tell-new-store");
    expect(await summed()).toHaveLength(1);
  });

  test("leaves yesterday's spent days alone, and pages through as many as there are", async () => {
    await quota.db.raw(
      `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled, exhausted_published)
       select 'user:' || n, 'llm_requests', utc_today() - (n % 2), 'user:' || n, 'free', 40, 40, 40, true from generate_series(1, 2400) n`,
    );
    await run("tell-new-store");
    const owners = await announced();
    expect([owners.length, new Set(owners).size]).toEqual([1_200, 1_200]);
  });
});
