import { createRouterLinks, type RouterLinks, type RouterLinksOptions } from "@topdog/call-link/gateway/router-links";
import type { Logger } from "@topdog/telemetry/logger";
import type { GatewayMetrics } from "../metrics.ts";
import { resolveName } from "./resolve-name.ts";

const pingIntervalMs = 1_000;
const ejectAfterMs = 2_000;
/** Of calls without a byte of an answer: another router is asked. */
const loseAfterMs = 4_000;
/** Longer than a pause that a router may wake from and go on: streams that have begun wait for it. */
const closeAfterMs = 30_000;
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
    loseAfterMs,
    closeAfterMs,
    resolveIntervalMs,
    resolve: resolveName,
    random: Math.random,
    onMoved: (reason) => metrics.movedCalls.inc({ reason }, 1),
    onDown: (host, error) => logger.warn({ err: error, host }, "a router is not connected"),
    onEjected: (host, isEjected) =>
      logger.warn({ host }, isEjected ? "a router does not answer: it gets no calls" : "a router answers again"),
    onBug: (error) => logger.error({ err: error }, "an answer was lost by a bug"),
  });
}
