import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type LoadGenerator, startBareProxy, startLoadGenerator } from "./child.ts";
import { createCpuClock } from "./cpu-clock.ts";
import { measureSync } from "./disk.ts";
import { type Bench, type Measurement, measureRest, measureRounds, medianOf, type Target } from "./measure.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { createPinning } from "./pinning.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { describe } from "./report.ts";
import { eventsPerStream, jsonBody, streamBody, tokenIntervalMs, type Workload } from "./workload.ts";

const measuredCore = 0;
const loadCore = 1;
/** More than an Enterprise seat's own LLM requests of a day. */
const personalCalls = 1_500;
const spendTurnMs = 2_000;
const spendTurns = 10;
const quotaRestMs = 1_000;

const progress = (line: string): void => console.error(`  ${line}`);

interface Cleanup {
  readonly add: (stop: () => void | Promise<void>) => void;
  readonly run: () => Promise<void>;
}

/** What a run started, ended in reverse order whatever happens. */
function createCleanup(): Cleanup {
  const stops: (() => void | Promise<void>)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    run: async () => {
      for (const stop of stops.splice(0).toReversed()) await stop();
    },
  };
}

type Pin = () => void;

function pinAll(
  platform: Platform,
  generatorPid: number,
  bareProxyPid: number,
  engines: BenchOptions["engines"],
): { pin: Pin; note: string } {
  const pinning = createPinning();
  const { gateway = 0, "llm-router": router = 0, ...others } = platform.processes();
  const pin = (): void => {
    for (const pid of [gateway, router, bareProxyPid]) pinning.pin(pid, measuredCore);
    if (engines === "same") for (const pid of Object.values(others)) pinning.pin(pid, measuredCore);
    for (const pid of [generatorPid, platform.providerPid()]) pinning.pin(pid, loadCore);
  };
  if (pinning.unavailable !== null) return { pin, note: `nothing is pinned: ${pinning.unavailable}` };
  const where = engines === "same" ? `core ${measuredCore} too` : "any core";
  const note =
    `gateway, llm-router and the bare proxy on core ${measuredCore}; load generator and provider on core ${loadCore}; ` +
    `NATS, Postgres and the other services on ${where}`;
  return { pin, note };
}

type Results = Map<string, Measurement>;
const medians = (rounds: Map<string, Measurement[]>): Results =>
  new Map([...rounds].map(([name, measured]) => [name, medianOf(measured)]));

async function runWorkloads(
  bench: Bench,
  targets: readonly Target[],
  platform: Platform,
  pin: Pin,
  options: BenchOptions,
) {
  const flatOut: Workload = { name: "JSON", body: jsonBody, connections: options.connections, ratePerSecond: null };
  const json = await measureRounds(bench, targets, flatOut, options.rounds, progress);
  const gatewayRate = medians(json).get("top dog")?.perSecond ?? 0;
  const rate = options.ratePerSecond ?? Math.max(1, Math.floor(gatewayRate / 4));
  const paced = await measureRounds(
    bench,
    targets,
    { ...flatOut, name: "JSON, paced", ratePerSecond: rate },
    options.rounds,
    progress,
  );
  await platform.setTokenInterval(tokenIntervalMs);
  pin();
  const stream: Workload = { name: "SSE", body: streamBody, connections: options.streams, ratePerSecond: null };
  const streams = await measureRounds(bench, targets, stream, options.rounds, progress);
  return [
    { title: `JSON, ${jsonBody.length} bytes, ${options.connections} connections, flat out`, rounds: json },
    { title: `JSON, ${jsonBody.length} bytes, ${rate} requests/s (an open model: waiting counts)`, rounds: paced },
    {
      title: `SSE, ${eventsPerStream} events at ${tokenIntervalMs} ms, ${options.streams} streams at once`,
      rounds: streams,
    },
  ];
}

/** Warms everything up and spends the owners' own allowances, so that one kind of bucket is charged throughout. */
async function spendPersonal(platform: Platform, generator: LoadGenerator, connections: number): Promise<string> {
  const job = {
    host: "127.0.0.1",
    port: platform.gatewayPort,
    keys: platform.keys,
    body: jsonBody,
    ratePerSecond: null,
  };
  let calls = 0;
  for (let turn = 0; turn < spendTurns && calls < personalCalls * platform.keys.length; turn += 1) {
    calls += (await generator.run({ ...job, connections, durationMs: spendTurnMs })).completed;
  }
  await sleep(quotaRestMs);
  const spent = calls >= personalCalls * platform.keys.length;
  return spent
    ? "every measured call is charged to an org pool"
    : "calls are charged to seats first: this machine was too slow to spend them";
}

async function run(options: BenchOptions, cleanup: Cleanup): Promise<number> {
  const platform = await startPlatform(options.customers, progress);
  cleanup.add(platform.stop);
  const bareProxy = await startBareProxy(`http://127.0.0.1:${platform.providerPort}`);
  cleanup.add(bareProxy.stop);
  const generator = startLoadGenerator();
  cleanup.add(generator.stop);
  const { pin, note } = pinAll(platform, generator.pid, bareProxy.pid, options.engines);
  pin();
  const clock = createCpuClock();
  const sync = await measureSync();
  const topDog: Target = {
    name: "top dog",
    port: platform.gatewayPort,
    keys: platform.keys,
    processes: platform.processes,
  };
  const targets: Target[] = [
    {
      name: "direct",
      port: platform.providerPort,
      keys: ["none"],
      processes: () => ({ provider: platform.providerPid() }),
    },
    { name: "bare proxy", port: bareProxy.port, keys: ["none"], processes: () => ({ "bare proxy": bareProxy.pid }) },
    topDog,
  ];
  const source = await spendPersonal(platform, generator, options.connections);

  const bench = { generator, clock, measureMs: options.measureMs, warmUpMs: options.warmUpMs };
  const restPercent = await measureRest(clock, topDog);
  const workloads = await runWorkloads(bench, targets, platform, pin, options);
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const how = `${options.rounds} interleaved rounds of ${options.measureMs / 1000} s, medians; CPU by ${clock.source}`;
  const buckets = `${options.customers} Enterprise orgs; ${source}`;
  const disk = `fdatasync of one record: p50 ${sync.p50Ms.toFixed(2)} ms, p99 ${sync.p99Ms.toFixed(2)} ms; a plain answer waits for one, a stream for two`;
  const rest = `top dog at rest, all processes: ${restPercent.toFixed(1)} % of a core, part of every figure per request`;
  console.log([machine, note, how, buckets, disk, rest].join("\n"));
  for (const { title, rounds } of workloads) console.log(describe(title, medians(rounds)));
  if (options.outFile !== null) {
    const plain = workloads.map(({ title, rounds }) => ({
      title,
      rounds: Object.fromEntries(rounds),
      medians: Object.fromEntries(medians(rounds)),
    }));
    writeFileSync(
      options.outFile,
      `${JSON.stringify({ machine, pinning: note, sync, restPercent, options, workloads: plain }, null, 2)}\n`,
    );
  }
  return workloads.some(({ rounds }) => [...medians(rounds).values()].some((one) => one.failed > 0)) ? 1 : 0;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return 0;
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
