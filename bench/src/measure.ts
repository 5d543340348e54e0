import { setTimeout as sleep } from "node:timers/promises";
import type { LoadGenerator } from "./child.ts";
import type { CpuClock } from "./cpu-clock.ts";
import type { LoadResult } from "./load-job.ts";
import { median } from "./statistics.ts";
import type { Workload } from "./workload.ts";

/** Time for what follows an answer (reports, ledger batches) to be done and counted. */
const settleMs = 500;
const restMs = 3_000;

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly keys: readonly string[];
  /** The processes whose CPU time is this target's, by name: they may be restarted between workloads. */
  readonly processes: () => Readonly<Record<string, number>>;
}

export interface Measurement extends LoadResult {
  /** CPU microseconds per completed request, by process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
}

export interface Bench {
  readonly generator: LoadGenerator;
  readonly clock: CpuClock;
  readonly measureMs: number;
  readonly warmUpMs: number;
}

async function measure(bench: Bench, target: Target, workload: Workload): Promise<Measurement> {
  const job = { host: "127.0.0.1", port: target.port, keys: target.keys, ...workload };
  await bench.generator.run({ ...job, durationMs: bench.warmUpMs });
  await sleep(settleMs);
  const before = readClocks(bench.clock, target);
  const result = await bench.generator.run({ ...job, durationMs: bench.measureMs });
  await sleep(settleMs);
  const after = readClocks(bench.clock, target);
  const cpuMicros = Object.fromEntries(
    Object.keys(after).map((name) => [
      name,
      ((after[name] ?? 0) - (before[name] ?? 0)) / Math.max(1, result.completed),
    ]),
  );
  return { ...result, cpuMicros };
}

const readClocks = (clock: CpuClock, target: Target): Record<string, number> =>
  Object.fromEntries(Object.entries(target.processes()).map(([name, pid]) => [name, clock.read(pid)]));

/** The share of a core, in percent, that a target's processes use while nobody calls: part of every figure per request. */
export async function measureRest(clock: CpuClock, target: Target): Promise<number> {
  const before = readClocks(clock, target);
  await sleep(restMs);
  const after = readClocks(clock, target);
  const micros = Object.keys(after).reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0);
  return micros / (restMs * 10);
}

/** Every target once per round, each round beginning with another one, so that no target has the quieter machine. */
export async function measureRounds(
  bench: Bench,
  targets: readonly Target[],
  workload: Workload,
  rounds: number,
  progress: (line: string) => void,
): Promise<Map<string, Measurement[]>> {
  const results = new Map<string, Measurement[]>(targets.map((target) => [target.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < targets.length; turn += 1) {
      const target = targets[(round + turn) % targets.length];
      if (target === undefined) continue;
      const measured = await measure(bench, target, workload);
      results.get(target.name)?.push(measured);
      const failures = measured.failed === 0 ? "" : `, ${measured.failed} FAILED: ${measured.firstFailure ?? ""}`;
      progress(`${workload.name}, round ${round + 1}, ${target.name}: ${measured.perSecond.toFixed(0)}/s${failures}`);
    }
  }
  return results;
}

/** The median of each number over the rounds; failures are added up. */
export function medianOf(rounds: readonly Measurement[]): Measurement {
  const of = (pick: (one: Measurement) => number): number => median(rounds.map(pick));
  const names = Object.keys(rounds[0]?.cpuMicros ?? {});
  return {
    completed: of((one) => one.completed),
    failed: rounds.reduce((sum, one) => sum + one.failed, 0),
    perSecond: of((one) => one.perSecond),
    p50Ms: of((one) => one.p50Ms),
    p99Ms: of((one) => one.p99Ms),
    firstByteP50Ms: of((one) => one.firstByteP50Ms),
    firstByteP99Ms: of((one) => one.firstByteP99Ms),
    firstFailure: rounds.find((one) => one.firstFailure !== null)?.firstFailure ?? null,
    cpuMicros: Object.fromEntries(names.map((name) => [name, of((one) => one.cpuMicros[name] ?? 0)])),
  };
}
