import { type Measurement, type TargetName, totalOf } from "./measure.ts";
import type { Workload, WorkloadName } from "./workload.ts";

/** The processes that carry a call; our other ones work on its usage afterwards. */
const dataPlane = ["gateway", "llm-router"];
const columns = ["target", "per s", "p50 ms", "p99 ms", "first content", "CPU µs each", "× bare", "× bare2", "failed"];

type Results = ReadonlyMap<TargetName, Measurement>;

const dataPlaneOf = ({ cpuMicros }: Measurement): number =>
  dataPlane.reduce((total, name) => total + (cpuMicros[name] ?? 0), 0);

function rowOf(name: TargetName, one: Measurement, results: Results): string[] {
  const cpu = totalOf(one.cpuMicros);
  const times = (reference: TargetName): string => {
    const other = results.get(reference);
    return other === undefined ? "" : (cpu / Math.max(1, totalOf(other.cpuMicros))).toFixed(2);
  };
  return [
    name,
    one.perSecond.toFixed(0),
    one.p50Ms.toFixed(2),
    one.p99Ms.toFixed(2),
    one.firstContentP50Ms.toFixed(2),
    cpu.toFixed(0),
    times("bare"),
    times("bare2"),
    String(one.failed),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const cells = (row: readonly string[]): string[] =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return rows.map((row) => cells(row).join("  ")).join("\n");
}

/** One workload as a table, and under it where the platform's CPU time went. */
export function describe(workload: Workload, results: Results): string {
  const rows = [columns, ...[...results].map(([name, one]) => rowOf(name, one, results))];
  const lines = [`\n${workload.name}: ${workload.title}`, table(rows)];
  const platform = results.get("topdog");
  if (platform !== undefined) {
    const parts = Object.entries(platform.cpuMicros).map(([name, micros]) => `${name} ${micros.toFixed(0)}`);
    const hop = dataPlaneOf(platform);
    const ratios = (["bare", "bare2"] as const).flatMap((name) => {
      const reference = results.get(name);
      return reference === undefined
        ? []
        : [`${(hop / Math.max(1, totalOf(reference.cpuMicros))).toFixed(2)} × ${name}`];
    });
    lines.push(`topdog, CPU µs each: ${parts.join(", ")}`);
    lines.push(`gateway + llm-router ${[hop.toFixed(0), ...ratios].join(", ")}`);
  }
  return lines.join("\n");
}

export interface JsonResult {
  readonly workload: WorkloadName;
  readonly target: TargetName;
  /** Per call; per stream for `sse`. `gatewayRouter` for topdog only. */
  readonly cpuMicros: { readonly total: number; readonly gatewayRouter?: number };
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstContentP50Ms: number;
  readonly failed: number;
}

export const toJson = (workload: Workload, results: Results): JsonResult[] =>
  [...results].map(([target, one]) => ({
    workload: workload.name,
    target,
    cpuMicros: {
      total: totalOf(one.cpuMicros),
      ...(target === "topdog" ? { gatewayRouter: dataPlaneOf(one) } : {}),
    },
    perSecond: one.perSecond,
    p50Ms: one.p50Ms,
    p99Ms: one.p99Ms,
    firstContentP50Ms: one.firstContentP50Ms,
    failed: one.failed,
  }));
