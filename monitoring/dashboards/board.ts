/** One line, or one line per combination of labels: PromQL, and what it is called (`{{label}}` stands for its value). */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** Grafana's names of units. */
export type Unit = "reqps" | "ops" | "s" | "percentunit" | "short" | "bytes" | "currencyUSD" | "none";

export interface Panel {
  readonly title: string;
  /** How to read it. */
  readonly description: string;
  readonly unit: Unit;
  /** `lines` over time; `now`: one figure for each series. */
  readonly shown: "lines" | "now";
  readonly queries: readonly Query[];
  /** A line or colour from where on it is bad. */
  readonly badFrom?: number;
  /** Below this it is bad. */
  readonly badBelow?: number;
}

export interface Board {
  /** Its address: `/d/<uid>`. Runbooks link to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const rateWindow = "$__rate_interval";

export const rate = (by: string, series: string): string => `sum by (${by}) (rate(${series}[${rateWindow}]))`;
export const increase = (by: string, series: string, window: string): string =>
  `sum by (${by}) (increase(${series}[${window}]))`;

/** p50, p95 and p99 of a histogram. */
export const quantiles = (histogram: string, where = ""): Query[] =>
  [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, ${rate("le", `${histogram}_bucket${where}`)})`,
    legend: `p${quantile * 100}`,
  }));

export const lines = (
  title: string,
  unit: Unit,
  description: string,
  queries: readonly Query[],
  limits: Pick<Panel, "badFrom" | "badBelow"> = {},
): Panel => ({ title, unit, description, shown: "lines", queries, ...limits });

export const now = (
  title: string,
  unit: Unit,
  description: string,
  queries: readonly Query[],
  limits: Pick<Panel, "badFrom" | "badBelow"> = {},
): Panel => ({ title, unit, description, shown: "now", queries, ...limits });

export const query = (expr: string, legend: string): Query => ({ expr, legend });
