import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Job } from "@topdog/service/job";
import { createJobs } from "../src/jobs/jobs.ts";
import { createListening, type Listening } from "../src/usecases/listening.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const gatewayTimeoutMs = 60_000;

let quota: QuotaOnPostgres;
let nowMs: number;
let connected: boolean;
let listening: Listening;
let jobs: ReadonlyMap<string, Job>;

beforeEach(async () => {
  quota = await quotaOnPostgres();
  nowMs = 0;
  connected = true;
  listening = createListening(() => nowMs);
  const created = createJobs({
    db: quota.db,
    deps: quota.deps,
    listening,
    isBusConnected: () => connected,
    gatewayTimeoutMs,
    usageDeadlineMs: 600_000,
    measureConsistency: () => Promise.reject(new Error("the database is away")),
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
  test("acts once gateways could have been heard for their whole timeout", async () => {
    await abandonedLease();
    nowMs = gatewayTimeoutMs - 1;
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
    nowMs = gatewayTimeoutMs;
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["closed"]);
    expect(await quota.violations()).toEqual([]);
  });

  test("counts no silence from before the bus was back", async () => {
    await abandonedLease();
    nowMs = gatewayTimeoutMs;
    connected = false;
    await run("close-abandoned-leases");
    connected = true;
    nowMs += gatewayTimeoutMs - 1;
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
  });

  test("counts no silence from before the database was back: any failing job shows that it was away", async () => {
    await abandonedLease();
    nowMs = gatewayTimeoutMs;
    await expect(run("measure-consistency")).rejects.toThrow("the database is away");
    await run("close-abandoned-leases");
    expect(await states("lease")).toEqual(["open"]);
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
