import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { startLoadGenerator, startProvider } from "./child.ts";
import { createCpuClock } from "./cpu-clock.ts";
import { measureSync } from "./disk.ts";
import { measureLedger } from "./ledger.ts";
import { type Bench, measureRest, measureRounds, residentMib, type Target, touchKeys, warmUp } from "./measure.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { measurePlanChange } from "./plan-change.ts";
import { createPinning } from "./pinning.ts";
import { describe, type JsonResult, toJson } from "./report.ts";
import { measureQuota } from "./quota.ts";
import { measureRevocation } from "./revocation.ts";
import { measureRouter } from "./router.ts";
import { measureHeld } from "./router-held.ts";
import { startTargets } from "./targets.ts";
import { tokenIntervalMs, workloads } from "./workload.ts";

const measuredCore = 0;
const loadCore = 1;

const progress = (line: string): void => console.error(`  ${line}`);

/** What a run started, ended in reverse order whatever happens. */
function createCleanup() {
  const stops: (() => void | Promise<void>)[] = [];
  return {
    add: (stop: () => void | Promise<void>) => void stops.push(stop),
    run: async () => {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}

function pinAll(targets: readonly Target[], loadPids: readonly number[]): string {
  const pinning = createPinning();
  for (const target of targets) for (const pid of Object.values(target.processes())) pinning.pin(pid, measuredCore);
  for (const pid of loadPids) pinning.pin(pid, loadCore);
  if (pinning.unavailable !== null) return `nothing is pinned: ${pinning.unavailable}`;
  return `every target on core ${measuredCore}, Postgres and NATS included; load generator and provider on core ${loadCore}`;
}

async function runWorkloads(bench: Bench, targets: readonly Target[], options: BenchOptions): Promise<JsonResult[]> {
  const limits = options.quick
    ? { stepMs: 2_000, leastCalls: 15_000, maxMs: 24_000 }
    : { stepMs: 3_000, leastCalls: 25_000, maxMs: 90_000 };
  for (const target of targets) {
    const isLevel = await warmUp(bench, target, workloads.json, limits);
    if (!isLevel) progress(`${target.name} is not level after ${limits.maxMs / 1000} s: read its figures with care`);
  }
  const results: JsonResult[] = [];
  for (const name of options.workloads) {
    const workload = workloads[name];
    const topDog = targets.find((target) => target.name === "topdog");
    if (workload.inWaves)
      for (const target of targets) await warmUp(bench, target, workload, { ...limits, leastCalls: 500 });
    if (workload.randomKeys !== null && topDog !== undefined) await touchKeys(bench, topDog, workload);
    const medians = await measureRounds(bench, targets, workload, options.rounds);
    console.log(describe(workload, medians));
    if (topDog !== undefined) console.log(describeMemory(topDog));
    results.push(...toJson(workload, medians));
  }
  return results;
}

function describeMemory(topDog: Target): string {
  const { gateway = 0, "llm-router": router = 0 } = topDog.processes();
  return `resident memory: gateway ${residentMib(gateway).toFixed(0)} MiB, llm-router ${residentMib(router).toFixed(0)} MiB`;
}

async function run(options: BenchOptions, cleanup: ReturnType<typeof createCleanup>): Promise<number> {
  const provider = await startProvider(tokenIntervalMs);
  cleanup.add(provider.stop);
  const generator = startLoadGenerator();
  cleanup.add(generator.stop);
  const { all: targets } = await startTargets(options.targets, provider.port, progress, cleanup.add);
  const pinning = pinAll(targets, [generator.pid, provider.pid]);
  const clock = createCpuClock();
  const sync = await measureSync();
  const bench = { generator, clock, measureMs: options.measureMs, progress };
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const how = `${options.rounds} interleaved rounds of ${options.measureMs / 1000} s, medians; CPU by ${clock.source}`;
  const disk = `fdatasync of one record: p50 ${sync.p50Ms.toFixed(2)} ms, p99 ${sync.p99Ms.toFixed(2)} ms; a plain answer waits for one, a stream for two`;
  console.log([machine, pinning, how, disk].join("\n"));
  const results = await runWorkloads(bench, targets, options);
  const topDog = targets.find((target) => target.name === "topdog");
  if (topDog !== undefined) {
    const shares = Object.entries(await measureRest(clock, topDog));
    const percent = shares.reduce((total, [, share]) => total + share, 0);
    const parts = shares.map(([name, share]) => `${name} ${share.toFixed(1)}`).join(", ");
    console.log(`\ntopdog at rest, all processes: ${percent.toFixed(1)} % of a core, part of every figure per request`);
    console.log(parts);
  }
  if (options.jsonFile !== null) writeFileSync(options.jsonFile, `${JSON.stringify({ results }, null, 2)}\n`);
  return results.some(({ failed }) => failed > 0) ? 1 : 0;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return 0;
  const [alone] = [
    ...(options.ledger ? [measureLedger] : []),
    ...(options.quota ? [measureQuota] : []),
    ...(options.router ? [measureRouter] : []),
    ...(options.held ? [measureHeld] : []),
    ...(options.revocation ? [measureRevocation] : []),
    ...(options.planChange ? [measurePlanChange] : []),
  ];
  if (alone !== undefined) {
    await alone(progress);
    return 0;
  }
  const cleanup = createCleanup();
  process.once("SIGINT", () => void cleanup.run().finally(() => process.exit(130)));
  try {
    return await run(options, cleanup);
  } finally {
    await cleanup.run();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
