import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadGenerator } from "./child.ts";
import type { CpuClock } from "./cpu-clock.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { median } from "./statistics.ts";
import { firstContentMarker, type Workload } from "./workload.ts";

/** Time for what follows an answer (reports, ledger batches) to be done and counted. */
const settleMs = 700;
/** Then what the last calls left behind is done, and leases are idle. */
const untilRestMs = 10_000;
const restMs = 10_000;

export const targetNames = ["bare", "bare2", "topdog", "portkey"] as const;
export type TargetName = (typeof targetNames)[number];

export interface Target {
  readonly name: TargetName;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly keysFor: (workload: Workload) => Promise<readonly string[]>;
  /** The processes whose CPU time is this target's, by name. */
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
  readonly progress: (line: string) => void;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
export const totalOf = (cpuMicros: Readonly<Record<string, number>>): number => sum(Object.values(cpuMicros));

/** Resident memory of a process in MiB; 0 where /proc is not there. */
export function residentMib(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return Number(kib) / 1024;
  } catch {
    return 0;
  }
}

const readClocks = (clock: CpuClock, target: Target): Record<string, number> =>
  Object.fromEntries(Object.entries(target.processes()).map(([name, pid]) => [name, clock.read(pid)]));

async function jobOf(target: Target, workload: Workload, durationMs: number | null): Promise<LoadJob> {
  return {
    host: "127.0.0.1",
    port: target.port,
    headers: target.headers,
    keys: await target.keysFor(workload),
    randomKeys: workload.randomKeys !== null && workload.randomKeys > workload.connections,
    body: workload.body,
    contentMarker: firstContentMarker,
    connections: workload.connections,
    inWaves: workload.inWaves,
    durationMs,
    ratePerSecond: durationMs === null ? null : workload.ratePerSecond,
  };
}

async function measure(bench: Bench, target: Target, workload: Workload, durationMs: number): Promise<Measurement> {
  const job = await jobOf(target, workload, durationMs);
  const before = readClocks(bench.clock, target);
  const result = await bench.generator.run(job);
  await sleep(settleMs);
  const after = readClocks(bench.clock, target);
  const each = (name: string): number => ((after[name] ?? 0) - (before[name] ?? 0)) / Math.max(1, result.completed);
  return { ...result, cpuMicros: Object.fromEntries(Object.keys(after).map((name) => [name, each(name)])) };
}

export interface WarmUpLimits {
  readonly stepMs: number;
  /** V8 needs about this many calls before a call's cost is level. */
  readonly leastCalls: number;
  readonly maxMs: number;
}

const levelWithin = 0.05;

/**
 * Calls a target until the CPU time of a call has stopped falling, step by step. Returns whether it got there in time: false at once
 * for one that completes nothing.
 */
export async function warmUp(bench: Bench, target: Target, workload: Workload, limits: WarmUpLimits): Promise<boolean> {
  let calls = 0;
  let earlier = Number.POSITIVE_INFINITY;
  for (let spentMs = 0; spentMs < limits.maxMs; spentMs += limits.stepMs) {
    const step = await measure(bench, target, { ...workload, ratePerSecond: null }, limits.stepMs);
    if (step.completed === 0) {
      bench.progress(`${target.name} completes nothing: ${step.failed} failed: ${step.firstFailure}`);
      return false;
    }
    const micros = totalOf(step.cpuMicros);
    calls += step.completed;
    bench.progress(`${target.name} warms up: ${micros.toFixed(0)} µs a call after ${calls} calls`);
    if (calls >= limits.leastCalls && micros > earlier * (1 - levelWithin)) return true;
    earlier = micros;
  }
  return false;
}

/** Each key calls once, so that all of them are known and hold what they hold in the steady state. */
export async function touchKeys(bench: Bench, target: Target, workload: Workload): Promise<void> {
  const result = await bench.generator.run(await jobOf(target, workload, null));
  bench.progress(`${target.name}: ${result.completed} keys called once, ${result.perSecond.toFixed(0)} a second`);
}

/** The share of a core, in percent, that each of a target's processes uses while nobody calls: part of every figure per request. */
export async function measureRest(clock: CpuClock, target: Target): Promise<Readonly<Record<string, number>>> {
  await sleep(untilRestMs);
  const before = readClocks(clock, target);
  await sleep(restMs);
  const after = readClocks(clock, target);
  const shareOf = (name: string): number => ((after[name] ?? 0) - (before[name] ?? 0)) / (restMs * 10);
  return Object.fromEntries(Object.keys(after).map((name) => [name, shareOf(name)]));
}

/** Every target once per round, each round beginning with another one, so that no target has the quieter machine. */
export async function measureRounds(
  bench: Bench,
  targets: readonly Target[],
  workload: Workload,
  rounds: number,
): Promise<Map<TargetName, Measurement>> {
  const results = new Map<TargetName, Measurement[]>(targets.map((target) => [target.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < targets.length; turn += 1) {
      const target = targets[(round + turn) % targets.length];
      if (target === undefined) continue;
      const measured = await measure(bench, target, workload, bench.measureMs);
      results.get(target.name)?.push(measured);
      const failure = measured.failed === 0 ? "" : `, ${measured.failed} failed: ${measured.firstFailure}`;
      const micros = totalOf(measured.cpuMicros).toFixed(0);
      bench.progress(
        `${workload.name}, round ${round + 1}: ${target.name} ${measured.perSecond.toFixed(0)}/s, ${micros} µs${failure}`,
      );
    }
  }
  return new Map([...results].map(([name, measured]) => [name, medianOf(measured)]));
}

/** Each figure's median over the rounds; failures add up. */
function medianOf(rounds: readonly Measurement[]): Measurement {
  const each = (pick: (one: Measurement) => number): number => median(rounds.map(pick));
  const names = Object.keys(rounds[0]?.cpuMicros ?? {});
  return {
    completed: sum(rounds.map((one) => one.completed)),
    failed: sum(rounds.map((one) => one.failed)),
    perSecond: each((one) => one.perSecond),
    p50Ms: each((one) => one.p50Ms),
    p99Ms: each((one) => one.p99Ms),
    firstContentP50Ms: each((one) => one.firstContentP50Ms),
    firstFailure: rounds.find((one) => one.firstFailure !== null)?.firstFailure ?? null,
    cpuMicros: Object.fromEntries(names.map((name) => [name, each((one) => one.cpuMicros[name] ?? 0)])),
  };
}
