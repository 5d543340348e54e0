import type { Slo } from "./definition.ts";

const requests = (service: string, status?: string): string =>
  `topdog_http_request_seconds_count{service="${service}"${status === undefined ? "" : `,status_class="${status}"`}}`;

/** What every service with an HTTP interface promises of it. */
export const httpAvailability = (service: string, promise: string, objective: number): Slo => ({
  name: "http-availability",
  promise,
  objective,
  sli: { kind: "events", bad: requests(service, "5xx"), all: requests(service) },
  leastEvents: 50,
  runbook: "service-errors",
});
