import type { Measurement } from "./measure.ts";

const columns = [
  "target",
  "per s",
  "p50 ms",
  "p99 ms",
  "added p50",
  "added p99",
  "first byte p50",
  "CPU µs each",
  "× bare",
  "failed",
];
const reference = "bare proxy";
/** What carries a call; the rest is what the call leaves behind. */
const dataPlane = ["gateway", "llm-router"];

const sum = (cpu: Readonly<Record<string, number>>, names: readonly string[]): number =>
  names.reduce((total, name) => total + (cpu[name] ?? 0), 0);
const cpuTotal = (one: Measurement): number => sum(one.cpuMicros, Object.keys(one.cpuMicros));

function rowOf(name: string, one: Measurement, bare: Measurement | undefined): string[] {
  const added = (pick: (m: Measurement) => number): string =>
    bare === undefined || name === "direct" || name === reference ? "" : (pick(one) - pick(bare)).toFixed(2);
  const cpu = cpuTotal(one);
  const bareCpu = bare === undefined ? 0 : cpuTotal(bare);
  return [
    name,
    one.perSecond.toFixed(0),
    one.p50Ms.toFixed(2),
    one.p99Ms.toFixed(2),
    added((m) => m.p50Ms),
    added((m) => m.p99Ms),
    one.firstByteP50Ms.toFixed(2),
    cpu === 0 ? "" : cpu.toFixed(0),
    cpu === 0 || bareCpu === 0 || name === "direct" ? "" : (cpu / bareCpu).toFixed(2),
    String(one.failed),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
    )
    .join("\n");
}

/** One workload as a table, and under it where the platform's CPU time went. */
export function describe(title: string, results: ReadonlyMap<string, Measurement>): string {
  const bare = results.get(reference);
  const rows = [columns, ...[...results].map(([name, one]) => rowOf(name, one, bare))];
  const lines = [`\n${title}`, table(rows)];
  const platform = results.get("top dog");
  if (platform !== undefined) {
    const parts = Object.entries(platform.cpuMicros).map(([name, micros]) => `${name} ${micros.toFixed(0)}`);
    const hop = sum(platform.cpuMicros, dataPlane);
    const ratio = bare === undefined ? "" : `, ${(hop / Math.max(1, cpuTotal(bare))).toFixed(2)} × bare`;
    lines.push(
      "direct: the CPU time is the provider's own, on the other core; flat out it bounds what any proxy can reach",
    );
    lines.push(`top dog, CPU µs each: ${parts.join(", ")}; gateway + llm-router ${hop.toFixed(0)}${ratio}`);
  }
  return lines.join("\n");
}
