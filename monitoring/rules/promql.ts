import type { Growth, Selector, Sli } from "../slo/definition.ts";

/** Prometheus 3 writes the edges of buckets as floats, older ones as they were scraped: `1` or `1.0`. */
const edge = (seconds: number): string =>
  Number.isInteger(seconds) ? String.raw`le=~"${seconds}(\\.0)?"` : `le="${seconds}"`;

const matchers = (where: Readonly<Record<string, string>>): string[] =>
  Object.entries(where).map(([label, value]) => `${label}="${value}"`);

const selector = (metric: string, inside: readonly string[]): Selector =>
  inside.length === 0 ? metric : `${metric}{${inside.join(",")}}`;

export const rateBy =
  (by: string): Growth =>
  (of, window) =>
    `sum by (${by}) (rate(${of}[${window}]))`;
export const increaseBy =
  (by: string): Growth =>
  (of, window) =>
    `sum by (${by}) (increase(${of}[${window}]))`;

/** The counter of all events behind an SLI. */
export function allEvents(sli: Sli): Selector {
  return sli.kind === "events" ? sli.all : selector(`${sli.histogram}_count`, matchers(sli.where ?? {}));
}

/** The share of bad events, 0 to 1. No series where nothing happened: 0 / 0 is no evidence. */
export function errorRatio(sli: Sli, growth: Growth, window: string): string {
  const all = growth(allEvents(sli), window);
  // A counter that nobody has made yet counts as 0.
  if (sli.kind === "events") return `(${growth(sli.bad, window)} or 0 * ${all}) / (${all} > 0)`;
  const within = selector(`${sli.histogram}_bucket`, [...matchers(sli.where ?? {}), edge(sli.withinSeconds)]);
  // Two series of one histogram are extrapolated alike; rounding may still give less than none.
  return `clamp_min(1 - ${growth(within, window)} / (${all} > 0), 0)`;
}

/** How many times faster than allowed the budget is spent, in both windows at once: the lower of the two. */
export function burnRate(
  sli: Sli,
  objective: number,
  growth: Growth,
  windows: { short: string; long: string },
): string {
  const budget = budgetOf(objective);
  const [short, long] = [windows.short, windows.long].map((window) => errorRatio(sli, growth, window));
  return short === long
    ? `(${long}) / ${budget}`
    : `(\n    (${short}) < (${long})\n    or\n    (${long})\n  ) / ${budget}`;
}

const decimals = 6;
/** 1 − objective, without the noise of binary fractions. */
export const budgetOf = (objective: number): number => Number((1 - objective).toFixed(decimals));
