import type { IncomingCall } from "@topdog/call-link/call";
import { createLinkServer, type LinkServer } from "@topdog/call-link/router/link-server";
import { readLinkTls } from "@topdog/call-link/tls-files";
import type { Bus } from "@topdog/messaging/connect";
import type { BackgroundBus } from "@topdog/service/background-bus";
import { defineService } from "@topdog/service/define";
import type { Logger } from "@topdog/telemetry/logger";
import { onProviderStateChanged } from "./broadcasts/on-provider-state-changed.ts";
import { createCallCounter } from "./clients/call-counter.ts";
import { createEventPublisher, type EventPublisher, isHopelessUsage } from "./clients/event-publisher.ts";
import { upstreamPool } from "./clients/upstream-pool.ts";
import { createUpstreams, type Upstreams, type UpstreamsDeps } from "./clients/upstreams.ts";
import { configSchema, poolOptions, readSecret, type RouterConfig } from "./config.ts";
import { createModelCatalog } from "./domain/model-catalog.ts";
import { pricesAsOf } from "./domain/models.ts";
import { breakerValues, createRouterMetrics, registerGauges, type RouterMetrics } from "./metrics.ts";
import { linkCalls } from "./routes/link-calls.ts";
import type { CallDeps } from "./usecases/call.ts";
import { type DurableSpool, type DurableSpoolDeps, openDurableSpool } from "./store/spool/durable-spool.ts";

/** What the app needs of a spool: a test may build the router with one that is not durable. */
export type RunningSpool = Pick<DurableSpool, "begin" | "record" | "stats" | "stop" | "recovered">;

const shippingGraceMs = 3000;
const handshakeTimeoutMs = 5000;
/** Gateways ping every few seconds. */
const silenceTimeoutMs = 120_000;

interface Shared {
  readonly config: RouterConfig;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  readonly publisher: EventPublisher;
  readonly nowMs: () => number;
}

const openSpool: (deps: DurableSpoolDeps) => Promise<RunningSpool> = openDurableSpool;

/** It serves while the bus is away: its spool keeps the usage. */
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
    // Waits until the last process has released it.
    const spool = await deps.openSpool(spoolDeps(shared));
    onStop("usage spool", () => spool.stop(shippingGraceMs));
    logger.info({ ...spool.recovered, ...spool.stats(), pricesAsOf }, "the usage spool is open");
    const upstreams = createUpstreams({ upstreams: pool, ...upstreamsOptions(shared) });
    onStop("upstreams", () => upstreams.close());
    onStop("fleet news", hearFleet(shared, bus, upstreams));
    let turn = 0;
    const { nowMs } = deps;
    const serve = linkCalls({
      logger,
      calls: {
        catalog,
        upstreams,
        spool,
        observer: createCallCounter(metrics),
        maxAttempts: config.MAX_ATTEMPTS,
        timeouts: timeoutsOf(config),
        nowMs,
        nextTurn: () => (turn = (turn + 1) % Number.MAX_SAFE_INTEGER),
      },
    });
    const link = gatewayLink(shared, serve);
    registerGauges(registry, { spool: () => spool.stats(), link });
    return {
      // A provider that is down does not make the router unready: calls fall back to others.
      checks: { spool: async () => assertHealthy(spool) },
      web: { securityHeaders: false, logRequests: false },
      parts: {
        calls: { start: async () => void (await link.start()), stop: () => link.stop(config.SHUTDOWN_GRACE_MS) },
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
  gatherMs: config.SPOOL_SHIP_INTERVAL_MS,
  nowMs,
  publish: (batch) => publisher.publishUsage(batch),
  maxBatchBytes: () => publisher.maxBatchBytes(),
  isHopeless: isHopelessUsage,
  onSync: (ms) => metrics.spoolSyncSeconds.observe(ms / 1000),
  onShipped: (records) => metrics.usageShipped.inc(records),
  onDropped(requestId, error) {
    metrics.usageDropped.inc();
    logger.error({ err: error, requestId }, "a usage record cannot be published");
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
    rampMs: config.BREAKER_RAMP_MS,
  },
  nowMs,
  onState(provider, modelFamily, state, told) {
    metrics.breakerState.set({ upstream: provider, family: modelFamily }, breakerValues[state]);
    logger.warn({ provider, modelFamily, state, told }, "an upstream's breaker changed");
    // What another router told us is not told on.
    if (told) return;
    const at = new Date(nowMs()).toISOString();
    publisher.reportState({ provider, modelFamily, state, routerId: config.ROUTER_ID, at });
  },
});

/** Hears what other routers find out, once the bus is there. Returns how to stop. */
function hearFleet({ nowMs }: Shared, bus: BackgroundBus, upstreams: Upstreams): () => void {
  let isOver = false;
  let stop = (): void => undefined;
  const begin = (connected: Bus): void => {
    if (!isOver) stop = onProviderStateChanged(connected, { upstreams, nowMs });
  };
  // A bus that can never be used has been reported, and a router works without it.
  bus.whenConnected().then(begin, () => undefined);
  return () => {
    isOver = true;
    stop();
  };
}

const timeoutsOf = (config: RouterConfig): CallDeps["timeouts"] => ({
  firstContentMs: config.FIRST_CONTENT_TIMEOUT_MS,
  plainAnswerMs: config.PLAIN_ANSWER_TIMEOUT_MS,
  interChunkMs: config.INTER_CHUNK_TIMEOUT_MS,
  keepAliveMs: config.KEEP_ALIVE_MS,
  callerDrainMs: config.CALLER_DRAIN_TIMEOUT_MS,
});

/** Where gateways' calls come in. */
const gatewayLink = ({ config, logger }: Shared, onCall: (call: IncomingCall) => void): LinkServer =>
  createLinkServer({
    host: config.LINK_HOST,
    port: config.LINK_PORT,
    tls: readLinkTls(config),
    key: config.ROUTER_SIGNING_KEY,
    gateways: config.CALLER_PUBLIC_KEYS,
    maxCalls: config.MAX_CALLS,
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxBodyBytesTotal: config.MAX_BODIES_BYTES,
    handshakeTimeoutMs,
    silenceTimeoutMs,
    onCall,
    onBug: (error) => logger.error({ err: error }, "a call was lost by a bug"),
    onFault: (error) => logger.warn({ err: error }, "a link to a gateway broke"),
  });
