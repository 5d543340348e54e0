import { rmSync } from "node:fs";
import { join } from "node:path";
import { plans, type PlanId } from "@topdog/contracts/plans";
import { keptBusSeeds } from "@topdog/local-stack/bus-keys";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";
import { Client, Pool } from "pg";
import { startAdmissions } from "./child.ts";
import { createCpuClock } from "./cpu-clock.ts";
import { measureTriggers } from "./ledger-triggers.ts";
import { median, percentile } from "./statistics.ts";

const rounds = 3;
const counterWarmUpCalls = 2_000;
const clients = 32;
const seats = 20_000;
/** Of each client: flat out. */
const fleetCalls = 4_000;
const counterCalls = 1_000;
const planOwners = 20;
/** Of a caller's day: the tokens at its end move between gateways, which is no steady state. */
const shareOfDay = 0.8;
const planCallMs = 100;

interface Owner {
  readonly personal: string | null;
  readonly org: string | null;
}

interface Admissions {
  readonly admitted: number;
  readonly refused: number;
  readonly waited: number;
  readonly reports: number;
  readonly asks: number;
  readonly seconds: number;
}

interface Bench {
  readonly stack: Stack;
  readonly quota: Client;
  readonly busSeed: string;
}

/** What exact daily limits cost: by leases that gateways hold, and by a counter that every call raises, in the same run. */
export async function measureQuota(progress: (line: string) => void): Promise<void> {
  const dataDir = makeScratchFolder("bench-quota");
  const stack = await startStack({ dataDir, sandboxes: 0, onProgress: progress });
  const quota = new Client({ connectionString: stack.postgres.url("quota", "quota_owner") });
  try {
    await quota.connect();
    const bench = { stack, quota, busSeed: keptBusSeeds(join(dataDir, "bus-seeds.json")).gateway };
    await compareWithCounter(bench, progress);
    for (const plan of ["free", "pro", "pro_plus", "teams", "enterprise"] as const)
      console.log(await hopsOf(bench, plan));
    console.log(await measureTriggers(quota, progress));
  } finally {
    await quota.end();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

let made = 0;
const newName = (): string => `bench_${(made += 1)}`;

const entitle = (quota: Client, owners: readonly string[], plan: PlanId, seatCount: number): Promise<unknown> =>
  quota.query(`insert into entitlement (owner, plan, seats, version) select unnest($1::text[]), $2, $3, 1`, [
    owners,
    plan,
    seatCount,
  ]);

async function admit(
  { stack, busSeed }: Bench,
  job: { readonly owners: readonly Owner[]; readonly clients: number; readonly calls: number; readonly callMs: number },
): Promise<Admissions> {
  return (await startAdmissions({
    ...job,
    natsUrl: stack.nats.url,
    busSeed,
    gatewayId: `gateway-${newName()}`,
  })) as Admissions;
}

/** Everything that was admitted is in the ledger, or the figures are of something else. */
async function assertLedger({ quota }: Bench, owners: readonly string[], wanted: number): Promise<void> {
  const { rows } = await quota.query<{ rows: number }>(
    `select count(*)::integer as rows from ledger join lease using (lease_id) where owner = any($1)`,
    [owners],
  );
  if (rows[0]?.rows !== wanted) throw new Error(`the ledger has ${rows[0]?.rows} rows of ${wanted}`);
}

interface Speed {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Calls flat out, charged to the pools of eight orgs by one gateway; and as many clients that raise one of eight counters each call. */
async function compareWithCounter(bench: Bench, progress: (line: string) => void): Promise<void> {
  const { stack, quota } = bench;
  await quota.query("create table bench_counter (owner text primary key, used bigint not null, cap bigint not null)");
  const leased: Speed[] = [];
  const counted: Speed[] = [];
  const clock = createCpuClock();
  const engines = [stack.services["quota"]?.pid ?? 0, stack.nats.pid, stack.postgres.pid];
  const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + clock.read(pid), 0);
  for (let round = 0; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}${round === 0 ? ", not counted" : ""}`);
    const orgs = Array.from({ length: 8 }, newName);
    const owners = orgs.map((org) => `org:${org}`);
    await entitle(quota, owners, "enterprise", seats);
    const before = cpuOf(engines);
    const calls = round === 0 ? fleetCalls / 4 : fleetCalls;
    const fleet = await admit(bench, {
      owners: owners.map((org) => ({ personal: null, org })),
      clients,
      calls,
      callMs: 0,
    });
    const cpuMicros = (cpuOf(engines) - before) / fleet.admitted;
    await assertLedger(bench, owners, fleet.admitted);
    if (fleet.refused > 0) throw new Error(`${fleet.refused} calls were refused`);
    const counter = await raiseCounters(stack, orgs, () => cpuOf([stack.postgres.pid]));
    if (round === 0) continue;
    leased.push({ perSecond: fleet.admitted / fleet.seconds, cpuMicros, p50Ms: 0, p99Ms: 0 });
    counted.push(counter);
    progress(`${fleet.waited} of ${fleet.admitted} calls waited for quota, ${fleet.reports} reports`);
  }
  console.log(describe("leases, one gateway", leased, "quota, NATS and Postgres, the ledger's rows included"));
  console.log(describe("a counter in Postgres", counted, "Postgres"));
}

async function raiseCounters(stack: Stack, owners: readonly string[], cpu: () => number): Promise<Speed> {
  const pool = new Pool({ connectionString: stack.postgres.url("quota", "quota_owner"), max: clients });
  await pool.query("insert into bench_counter select unnest($1::text[]), 0, 1000000000", [owners]);
  const text = "update bench_counter set used = used + 1 where owner = $1 and used < cap returning used";
  const delaysMs: number[] = [];
  const client = async (index: number, calls: number): Promise<void> => {
    for (let call = 0; call < calls; call += 1) {
      const startedMs = performance.now();
      const { rowCount } = await pool.query({ name: "raise", text, values: [owners[index % owners.length]] });
      if (rowCount !== 1) throw new Error("a counter was not raised");
      delaysMs.push(performance.now() - startedMs);
    }
  };
  const all = (calls: number): Promise<unknown> =>
    Promise.all(Array.from({ length: clients }, (_, index) => client(index, calls)));
  try {
    await all(Math.ceil(counterWarmUpCalls / clients));
    delaysMs.length = 0;
    const [startedMs, before] = [performance.now(), cpu()];
    await all(counterCalls);
    const ascending = delaysMs.toSorted((a, b) => a - b);
    return {
      perSecond: (ascending.length * 1000) / (performance.now() - startedMs),
      cpuMicros: (cpu() - before) / ascending.length,
      p50Ms: percentile(ascending, 50),
      p99Ms: percentile(ascending, 99),
    };
  } finally {
    await pool.end();
  }
}

function describe(what: string, speeds: readonly Speed[], whose: string): string {
  const of = (name: keyof Speed): number => median(speeds.map((speed) => speed[name]));
  const wait =
    of("p50Ms") === 0 ? "" : `; each call waits ${of("p50Ms").toFixed(2)} ms (p99 ${of("p99Ms").toFixed(2)})`;
  return `${what}: ${Math.round(of("perSecond"))} admits a second, ${of("cpuMicros").toFixed(1)} µs of CPU each (${whose})${wait}`;
}

/** Twenty callers of a plan at one gateway, as many calls at once as it allows, most of their day. */
async function hopsOf(bench: Bench, plan: PlanId): Promise<string> {
  const { perSeat, llmRequestsPerDay, concurrentRequests } = plans[plan];
  const names = Array.from({ length: planOwners }, newName);
  const owners = names.map((name) => (perSeat ? `seat:${name}:${name}` : `user:${name}`));
  const subscribers = names.map((name) => (perSeat ? `org:${name}` : `user:${name}`));
  if (plan !== "free") await entitle(bench.quota, subscribers, plan, perSeat ? plans[plan].minimumSeats : 1);
  const calls = Math.floor((llmRequestsPerDay * shareOfDay) / concurrentRequests);
  const seen = await admit(bench, {
    owners: owners.map((personal) => ({ personal, org: null })),
    clients: planOwners * concurrentRequests,
    calls,
    callMs: planCallMs,
  });
  await assertLedger(bench, owners, 2 * seen.admitted);
  if (seen.refused > 0) throw new Error(`${seen.refused} calls of plan ${plan} were refused`);
  const per = (count: number): string => ((count * 1000) / seen.admitted).toFixed(1);
  return `${plan}: of 1,000 calls ${per(seen.waited)} waited for quota; ${per(seen.reports)} reports, ${per(seen.asks)} questions about permits`;
}
