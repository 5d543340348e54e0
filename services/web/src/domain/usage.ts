import type { UsageHistoryPage } from "./answers.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export type UsageLine = UsageHistoryPage["items"][number];
export type UsageDimension = "source" | "model" | "key" | "member" | "provider";
export type HistoryInterval = "hour" | "day";
/** What a chart can show of usage. */
export type UsageMeasure = "calls" | "llmRequests" | "tokens" | "cost";

export interface UsageSums {
  readonly calls: number;
  readonly llmRequests: number;
  readonly refundedCalls: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
  /** Calls whose cost nobody knows. */
  readonly unpricedCalls: number;
}

export interface UsageGroup extends UsageSums {
  /** Of the dimension; null where there is none, such as the model of a call that reached none. */
  readonly value: string | null;
}

/** A UTC day as `2026-11-26`. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The first of so many days, of which the last is today. */
export const daysAgo = (nowMs: number, days: number): string => utcDay(nowMs - (days - 1) * dayMs);

/** When each interval of a range begins, oldest first: so many of them, of which the last is the present one. */
export function intervalsUntil(nowMs: number, interval: HistoryInterval, count: number): number[] {
  const lengthMs = interval === "hour" ? hourMs : dayMs;
  const lastMs = Math.floor(nowMs / lengthMs) * lengthMs;
  return Array.from({ length: count }, (_, index) => lastMs - (count - 1 - index) * lengthMs);
}

export function valueOf(line: UsageLine, dimension: UsageDimension): string | null {
  switch (dimension) {
    case "source":
      return line.source ?? null;
    case "model":
      return line.model ?? null;
    case "key":
      return line.keyId ?? null;
    case "member":
      return line.userId ?? null;
    case "provider":
      return line.provider ?? null;
  }
}

export const measureOf = (sums: UsageSums, measure: UsageMeasure): number =>
  measure === "cost" ? sums.costNanoUsd : sums[measure];

const sumsOf = (line: UsageLine): UsageSums => ({
  calls: line.calls,
  llmRequests: line.llmRequests,
  refundedCalls: line.refundedCalls,
  tokens: line.promptTokens + line.completionTokens,
  costNanoUsd: line.costNanoUsd,
  unpricedCalls: line.unpricedCalls,
});

const nothing: UsageSums = {
  calls: 0,
  llmRequests: 0,
  refundedCalls: 0,
  tokens: 0,
  costNanoUsd: 0,
  unpricedCalls: 0,
};

const add = (a: UsageSums, b: UsageSums): UsageSums => ({
  calls: a.calls + b.calls,
  llmRequests: a.llmRequests + b.llmRequests,
  refundedCalls: a.refundedCalls + b.refundedCalls,
  tokens: a.tokens + b.tokens,
  costNanoUsd: a.costNanoUsd + b.costNanoUsd,
  unpricedCalls: a.unpricedCalls + b.unpricedCalls,
});

export const totalOf = (lines: readonly UsageLine[]): UsageSums =>
  lines.reduce((sum, line) => add(sum, sumsOf(line)), nothing);

/** Sums by the values of a dimension, the largest first; of equals, those with the most calls. */
export function groupUsage(
  lines: readonly UsageLine[],
  dimension: UsageDimension,
  measure: UsageMeasure,
): UsageGroup[] {
  const groups = new Map<string | null, UsageSums>();
  for (const line of lines) {
    const value = valueOf(line, dimension);
    groups.set(value, add(groups.get(value) ?? nothing, sumsOf(line)));
  }
  return [...groups]
    .map(([value, sums]) => ({ value, ...sums }))
    .toSorted(
      (a, b) =>
        measureOf(b, measure) - measureOf(a, measure) ||
        b.calls - a.calls ||
        (a.value ?? "").localeCompare(b.value ?? ""),
    );
}

export interface UsageChart {
  /** The values that have a series of their own; all others are in one more, if there are any. */
  readonly values: readonly (string | null)[];
  readonly hasOthers: boolean;
  /** By interval, oldest first: one figure for each series. */
  readonly figures: readonly (readonly number[])[];
}

/** The largest groups over time, and what is left of them in one. */
export function chartUsage(
  lines: readonly UsageLine[],
  {
    dimension,
    measure,
    intervals,
    maxSeries,
  }: {
    readonly dimension: UsageDimension;
    readonly measure: UsageMeasure;
    /** When each begins. */
    readonly intervals: readonly number[];
    readonly maxSeries: number;
  },
): UsageChart {
  const groups = groupUsage(lines, dimension, measure);
  const hasOthers = groups.length > maxSeries;
  const values = groups.slice(0, hasOthers ? maxSeries - 1 : maxSeries).map(({ value }) => value);
  const seriesOf = (line: UsageLine): number => {
    const found = values.indexOf(valueOf(line, dimension));
    return found === -1 ? values.length : found;
  };
  const figures = new Map(
    intervals.map((ms) => [ms, Array.from({ length: values.length + Number(hasOthers) }, () => 0)]),
  );
  for (const line of lines) {
    const bar = figures.get(Date.parse(line.at));
    const series = seriesOf(line);
    if (bar !== undefined) bar[series] = (bar[series] ?? 0) + measureOf(sumsOf(line), measure);
  }
  return { values, hasOthers, figures: [...figures.values()] };
}
