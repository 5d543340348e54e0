import { createHttpServer } from "@topdog/http-kit/create-server";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import { busAddress } from "@topdog/messaging/bus-address";
import type { Logger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createModelCatalog } from "./domain/model-catalog.ts";
import { pricesAsOf } from "./domain/models.ts";
import { connectPublisher, isHopelessUsage } from "./clients/event-publisher.ts";
import { upstreamPool } from "./clients/upstream-pool.ts";
import { createUpstreams } from "./clients/upstreams.ts";
import { poolOptions, type RouterConfig, type SecretReader } from "./config.ts";
import { createRouterMetrics } from "./metrics.ts";
import { createHttpApp } from "./routes/http-app.ts";
import type { DurableSpool, DurableSpoolDeps } from "./store/spool/durable-spool.ts";

/** Everything of a spool that the app needs: a test may compose the router with one that is not durable. */
export type RunningSpool = Pick<DurableSpool, "begin" | "record" | "stats" | "stop" | "recovered">;

export interface AppDeps {
  readonly config: RouterConfig;
  readonly logger: Logger;
  readonly readSecret: SecretReader;
  readonly openSpool: (deps: DurableSpoolDeps) => Promise<RunningSpool>;
}

export interface RouterApp {
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
}

const shippingGraceMs = 3000;

/** Waits for the spool to be taken over from the last process; the bus may come later. */
export async function createApp({ config, logger, readSecret, openSpool }: AppDeps): Promise<RouterApp> {
  const pool = upstreamPool(poolOptions(config, readSecret));
  const catalog = createModelCatalog(
    pool.map(({ id, models, provider }) => ({ id, models, dialects: provider.dialects })),
  );
  const metrics = createMetrics("llm-router");
  let spool: RunningSpool | null = null;
  const routerMetrics = createRouterMetrics(metrics, {
    upstreamIds: pool.map(({ id }) => id),
    families: [...new Set(catalog.models.map(({ family }) => family))],
    spool: () => spool?.stats() ?? null,
  });
  const publisher = connectPublisher({ ...busAddress(config), logger, metrics });
  const opened = await openSpool({
    folder: config.SPOOL_DIR,
    maxBytes: config.SPOOL_MAX_BYTES,
    segmentBytes: config.SPOOL_SEGMENT_BYTES,
    shipIntervalMs: config.SPOOL_SHIP_INTERVAL_MS,
    nowMs: Date.now,
    publish: (usage) => publisher.publishUsage(usage),
    isHopeless: isHopelessUsage,
    onSync: routerMetrics.synced,
    onShipped: routerMetrics.shipped,
    onDropped(usage, error) {
      routerMetrics.dropped();
      logger.error({ err: error, requestId: usage.requestId }, "a usage record does not fit its schema");
    },
    onFailure: (error) => logger.error({ err: error }, "the usage spool cannot write: new calls are refused"),
  });
  spool = opened;
  logger.info({ ...opened.recovered, ...opened.stats(), pricesAsOf }, "the usage spool is open");

  const upstreams = createUpstreams({
    upstreams: pool,
    maxInFlightPerUpstream: config.MAX_CALLS_PER_UPSTREAM,
    breaker: {
      volumeThreshold: config.BREAKER_VOLUME,
      errorThresholdPercent: config.BREAKER_ERROR_PERCENT,
      windowMs: config.BREAKER_WINDOW_MS,
      resetMs: config.BREAKER_RESET_MS,
      trialDeadlineMs: config.BREAKER_TRIAL_MS,
    },
    nowMs: Date.now,
    onState(provider, modelFamily, state) {
      routerMetrics.breaker(provider, modelFamily, state);
      logger.warn({ provider, modelFamily, state }, "an upstream's breaker changed");
      const at = new Date().toISOString();
      publisher.reportState({ provider, modelFamily, state, routerId: config.ROUTER_ID, at });
    },
  });

  let isDraining = false;
  let turn = 0;
  const app = createHttpApp({
    logger,
    metrics,
    isDraining: () => isDraining,
    isSpoolHealthy: () => opened.stats().healthy,
    admission: { principalSecret: config.PRINCIPAL_SECRET.reveal(), nowMs: Date.now },
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxCalls: config.MAX_CALLS,
    calls: {
      catalog,
      upstreams,
      spool: opened,
      observer: routerMetrics,
      maxAttempts: config.MAX_ATTEMPTS,
      timeouts: {
        firstContentMs: config.FIRST_CONTENT_TIMEOUT_MS,
        plainAnswerMs: config.PLAIN_ANSWER_TIMEOUT_MS,
        interChunkMs: config.INTER_CHUNK_TIMEOUT_MS,
        keepAliveMs: config.KEEP_ALIVE_MS,
        callerDrainMs: config.CALLER_DRAIN_TIMEOUT_MS,
      },
      nowMs: Date.now,
      nextTurn: () => (turn = (turn + 1) % Number.MAX_SAFE_INTEGER),
    },
  });
  const server = createHttpServer(app);

  return {
    start: () => listen(server, { host: config.HTTP_HOST, port: config.HTTP_PORT }),
    async stop() {
      isDraining = true;
      await drainServer(server, { graceMs: config.SHUTDOWN_GRACE_MS });
      await upstreams.close();
      await opened.stop(shippingGraceMs);
      await publisher.close();
    },
  };
}
