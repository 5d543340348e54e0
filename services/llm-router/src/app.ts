import { defaultErrors } from "@topdog/dialects/dialects";
import { errorRenderer } from "@topdog/http-kit/send-error";
import { defineService } from "@topdog/service/define";
import type { Logger } from "@topdog/telemetry/logger";
import { createCallCounter } from "./clients/call-counter.ts";
import { createEventPublisher, type EventPublisher, isHopelessUsage } from "./clients/event-publisher.ts";
import { upstreamPool } from "./clients/upstream-pool.ts";
import { createUpstreams, type UpstreamsDeps } from "./clients/upstreams.ts";
import { configSchema, poolOptions, readSecret, type RouterConfig } from "./config.ts";
import { createModelCatalog } from "./domain/model-catalog.ts";
import { pricesAsOf } from "./domain/models.ts";
import { breakerValues, createRouterMetrics, registerGauges, type RouterMetrics } from "./metrics.ts";
import { mountCalls, mountUnmetered } from "./routes/mount-calls.ts";
import { type DurableSpool, type DurableSpoolDeps, openDurableSpool } from "./store/spool/durable-spool.ts";

/** Everything of a spool that the app needs: a test may compose the router with one that is not durable. */
export type RunningSpool = Pick<DurableSpool, "begin" | "record" | "stats" | "stop" | "recovered">;

const shippingGraceMs = 3000;

interface Shared {
  readonly config: RouterConfig;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  readonly publisher: EventPublisher;
  readonly nowMs: () => number;
}

const openSpool: (deps: DurableSpoolDeps) => Promise<RunningSpool> = openDurableSpool;

/** It serves while the bus is away, and its spool keeps what is owed. */
export const llmRouter = defineService({
  name: "llm-router",
  needs: { bus: "background" },
  config: configSchema,
  deps: { nowMs: Date.now, readSecret, openSpool },
  build: async ({ config, deps, bus, logger, metrics: registry, onStop }) => {
    const pool = upstreamPool(poolOptions(config, deps.readSecret));
    const catalog = createModelCatalog(
      pool.map(({ id, models, provider }) => ({ id, models, dialects: provider.dialects })),
    );
    const metrics = createRouterMetrics(registry, {
      upstreamIds: pool.map(({ id }) => id),
      families: [...new Set(catalog.models.map(({ family }) => family))],
    });
    const shared: Shared = { config, logger, metrics, nowMs: deps.nowMs, publisher: createEventPublisher(bus, logger) };
    // Waits until the last process has let go of it.
    const spool = await deps.openSpool(spoolDeps(shared));
    onStop("usage spool", () => spool.stop(shippingGraceMs));
    registerGauges(registry, () => spool.stats());
    logger.info({ ...spool.recovered, ...spool.stats(), pricesAsOf }, "the usage spool is open");
    const upstreams = createUpstreams({ upstreams: pool, ...upstreamsOptions(shared) });
    onStop("upstreams", () => upstreams.close());
    let turn = 0;
    const { nowMs } = deps;
    const calls = {
      catalog,
      upstreams,
      spool,
      observer: createCallCounter(metrics),
      maxAttempts: config.MAX_ATTEMPTS,
      timeouts: {
        firstContentMs: config.FIRST_CONTENT_TIMEOUT_MS,
        plainAnswerMs: config.PLAIN_ANSWER_TIMEOUT_MS,
        interChunkMs: config.INTER_CHUNK_TIMEOUT_MS,
        keepAliveMs: config.KEEP_ALIVE_MS,
        callerDrainMs: config.CALLER_DRAIN_TIMEOUT_MS,
      },
      nowMs,
      nextTurn: () => (turn = (turn + 1) % Number.MAX_SAFE_INTEGER),
    };
    const admission = { principalSecret: config.PRINCIPAL_SECRET.reveal(), nowMs };
    const { MAX_BODY_BYTES: maxBodyBytes, MAX_CALLS: maxCalls } = config;
    return {
      // A provider that is down is no reason to take the router out: it falls back, and says so.
      checks: { spool: async () => assertHealthy(spool) },
      web: {
        securityHeaders: false,
        logRequests: false,
        renderError: errorRenderer(defaultErrors),
        mountFirst: (app) => mountCalls(app, { logger, admission, calls, maxBodyBytes, maxCalls }),
        mountLast: mountUnmetered,
      },
    };
  },
});

function assertHealthy(spool: RunningSpool): void {
  if (!spool.stats().healthy) throw new Error("the usage spool cannot write");
}

const spoolDeps = ({ config, logger, metrics, publisher, nowMs }: Shared): DurableSpoolDeps => ({
  folder: config.SPOOL_DIR,
  maxBytes: config.SPOOL_MAX_BYTES,
  segmentBytes: config.SPOOL_SEGMENT_BYTES,
  shipIntervalMs: config.SPOOL_SHIP_INTERVAL_MS,
  nowMs,
  publish: (usage) => publisher.publishUsage(usage),
  isHopeless: isHopelessUsage,
  onSync: (ms) => metrics.spoolSyncSeconds.observe(ms / 1000),
  onShipped: () => metrics.usageShipped.inc(),
  onDropped(usage, error) {
    metrics.usageDropped.inc();
    logger.error({ err: error, requestId: usage.requestId }, "a usage record does not fit its schema");
  },
  onFailure: (error) => logger.error({ err: error }, "the usage spool cannot write: new calls are refused"),
});

const upstreamsOptions = ({ config, logger, metrics, publisher, nowMs }: Shared): Omit<UpstreamsDeps, "upstreams"> => ({
  maxInFlightPerUpstream: config.MAX_CALLS_PER_UPSTREAM,
  breaker: {
    volumeThreshold: config.BREAKER_VOLUME,
    errorThresholdPercent: config.BREAKER_ERROR_PERCENT,
    windowMs: config.BREAKER_WINDOW_MS,
    resetMs: config.BREAKER_RESET_MS,
    trialDeadlineMs: config.BREAKER_TRIAL_MS,
  },
  nowMs,
  onState(provider, modelFamily, state) {
    metrics.breakerState.set({ upstream: provider, family: modelFamily }, breakerValues[state]);
    logger.warn({ provider, modelFamily, state }, "an upstream's breaker changed");
    const at = new Date(nowMs()).toISOString();
    publisher.reportState({ provider, modelFamily, state, routerId: config.ROUTER_ID, at });
  },
});
