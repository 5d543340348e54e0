import { boards } from "../../monitoring/dashboards/all.ts";

/** Grafana's window at a scrape each 15 s. */
const rateWindow = "1m";
/** What somebody sees who opens a dashboard: the last hour, a point each 15 s. */
const shownSeconds = 3600;
const stepSeconds = 15;

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] };
}

/** Asks a Prometheus for a path and resolves with the body. */
export type AskPrometheus = (path: string) => Promise<string>;

/** Whether an expression has had a number at any time. NaN is none: Grafana draws nothing for it. */
async function hasNumbers(ask: AskPrometheus, expr: string, nowSeconds: number): Promise<boolean> {
  const parameters = new URLSearchParams({
    query: expr.replaceAll("$__rate_interval", rateWindow),
    start: String(nowSeconds - shownSeconds),
    end: String(nowSeconds),
    step: String(stepSeconds),
  });
  const answer = JSON.parse(await ask(`/api/v1/query_range?${parameters}`)) as Answer;
  if (answer.status !== "success") throw new Error(`${expr}: ${answer.error}`);
  return answer.data?.result.some(({ values }) => values.some(([, value]) => value !== "NaN")) ?? false;
}

/** Panels that had no data in the last hour, as `board: panel`. */
export async function findEmptyPanels(
  ask: AskPrometheus,
): Promise<{ readonly asked: number; readonly empty: string[] }> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const empty: string[] = [];
  let asked = 0;
  for (const { uid, rows } of boards) {
    for (const { title, queries } of rows.flatMap(({ panels }) => panels)) {
      asked += 1;
      let has = false;
      for (const { expr } of queries) has ||= await hasNumbers(ask, expr, nowSeconds);
      if (!has) empty.push(`${uid}: ${title}`);
    }
  }
  return { asked, empty };
}
