const dayMs = 86_400_000;

export interface UsageAmounts {
  readonly calls: number;
  readonly llmRequests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: number;
}

export interface UsageGroup extends UsageAmounts {
  readonly name: string;
}

/** A UTC day as `2026-11-26`. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Every day of a range, the first and the last included, in order. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += dayMs) days.push(utcDay(ms));
  return days;
}

/** The first of so many days, of which the last is today. */
export const daysAgo = (nowMs: number, days: number): string => utcDay(nowMs - (days - 1) * dayMs);

const add = (sum: UsageAmounts, one: UsageAmounts): UsageAmounts => ({
  calls: sum.calls + one.calls,
  llmRequests: sum.llmRequests + one.llmRequests,
  promptTokens: sum.promptTokens + one.promptTokens,
  completionTokens: sum.completionTokens + one.completionTokens,
  costNanoUsd: sum.costNanoUsd + one.costNanoUsd,
});

/** Rows with the same name added up, those with the most calls first. */
export function groupUsage<Row extends UsageAmounts>(rows: readonly Row[], nameOf: (row: Row) => string): UsageGroup[] {
  const sums = new Map<string, UsageAmounts>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = sums.get(name);
    sums.set(name, sum === undefined ? row : add(sum, row));
  }
  const groups = [...sums].map(([name, { calls, llmRequests, promptTokens, completionTokens, costNanoUsd }]) => ({
    name,
    calls,
    llmRequests,
    promptTokens,
    completionTokens,
    costNanoUsd,
  }));
  return groups.toSorted((a, b) => b.calls - a.calls || a.name.localeCompare(b.name));
}
