import { lookup } from "node:dns/promises";
import { createRouterLinks, type RouterLinks, type RouterLinksOptions } from "@topdog/call-link/gateway/router-links";
import type { Logger } from "@topdog/telemetry/logger";
import type { GatewayMetrics } from "../metrics.ts";

const pingIntervalMs = 2_000;
const ejectAfterMs = 4_000;
/** Longer than a pause that a router may wake from and go on. */
const closeAfterMs = 90_000;
const resolveIntervalMs = 5_000;

export interface ConnectRoutersDeps extends Pick<
  RouterLinksOptions,
  "groups" | "key" | "routers" | "tls" | "connectTimeoutMs"
> {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
}

/** Links to every router that the configured names stand for. */
export function connectRouters({ logger, metrics, ...to }: ConnectRoutersDeps): RouterLinks {
  return createRouterLinks({
    ...to,
    pingIntervalMs,
    ejectAfterMs,
    closeAfterMs,
    resolveIntervalMs,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    random: Math.random,
    onMoved: (reason) => metrics.movedCalls.inc({ reason }, 1),
    onDown: (host, error) => logger.warn({ err: error, host }, "a router is not connected"),
    onEjected: (host, isEjected) =>
      logger.warn({ host }, isEjected ? "a router does not answer: it gets no calls" : "a router answers again"),
    onBug: (error) => logger.error({ err: error }, "an answer was lost by a bug"),
  });
}
