import { get, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { boards } from "../../monitoring/dashboards/all.ts";

const timeoutMs = 10_000;
/** Grafana's window at a scrape each 15 s. */
const rateWindow = "1m";

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly unknown[] };
}

async function seriesOf(prometheus: string, expr: string): Promise<number> {
  const url = new URL("/api/v1/query", prometheus);
  url.searchParams.set("query", expr.replaceAll("$__rate_interval", rateWindow));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { signal: AbortSignal.timeout(timeoutMs) }, resolve).on("error", reject);
  });
  const answer = (await json(response)) as Answer;
  if (answer.status !== "success") throw new Error(`${expr}: ${answer.error}`);
  return answer.data?.result.length ?? 0;
}

/** Panels that a running Prometheus has no data for, as `board: panel`. */
export async function findEmptyPanels(
  prometheus: string,
): Promise<{ readonly asked: number; readonly empty: string[] }> {
  const empty: string[] = [];
  let asked = 0;
  for (const { uid, rows } of boards) {
    for (const { title, queries } of rows.flatMap(({ panels }) => panels)) {
      asked += 1;
      let found = 0;
      for (const { expr } of queries) found += await seriesOf(prometheus, expr);
      if (found === 0) empty.push(`${uid}: ${title}`);
    }
  }
  return { asked, empty };
}
