import { Readable } from "node:stream";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
import type { Metrics } from "@topdog/telemetry/metrics";

export const metricsRoute = (metrics: Metrics): Route =>
  defineRoute({
    method: "get",
    path: "/metrics",
    summary: "Read the metrics of this process",
    tags: ["Operations"],
    auth: "operator",
    responses: { 200: streamed(metrics.contentType, "Prometheus text") },
    errors: [],
    handler: async () => ({ status: 200, stream: Readable.from([await metrics.text()]) }),
  });
