import { errorCodeOf } from "@topdog/http-kit/request-log";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { RequestHandler, Response } from "express";

const statusClasses = ["2xx", "3xx", "4xx", "5xx", "not_configured", "client_closed"] as const;
type StatusClass = (typeof statusClasses)[number];
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts every request that comes after it: probes and hot routes stand before. */
export function countRequests(metrics: Metrics): RequestHandler {
  const seconds = metrics.histogram({
    name: "topdog_http_request_seconds",
    help: "Requests of the account API by their answer; not_configured: an optional integration is not there",
    labels: { status_class: statusClasses },
    buckets,
  });
  return (_req, res, next) => {
    const startedMs = performance.now();
    res.once("close", () => seconds.observe({ status_class: classOf(res) }, (performance.now() - startedMs) / 1000));
    next();
  };
}

/** What an operator left out on purpose is no error: it must not spend the budget of those who answer for it. */
function classOf(res: Response): StatusClass {
  if (!res.writableFinished) return "client_closed";
  if (errorCodeOf(res)?.endsWith("_not_configured") === true) return "not_configured";
  if (res.statusCode >= 500) return "5xx";
  if (res.statusCode >= 400) return "4xx";
  return res.statusCode >= 300 ? "3xx" : "2xx";
}
