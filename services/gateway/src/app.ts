import { join } from "node:path";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { defaultErrors } from "@topdog/dialects/dialects";
import { securityHeaders } from "@topdog/http-kit/app";
import { createBodyBudget, type BodyBudget } from "@topdog/http-kit/body-budget";
import { createClientAddresses, type ClientAddresses } from "@topdog/http-kit/client-address";
import { limitConnections } from "@topdog/http-kit/connection-limits";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import { mountProbes } from "@topdog/http-kit/probes";
import { renderProblem } from "@topdog/http-kit/problem";
import { requestId } from "@topdog/http-kit/request-id";
import { requestLog } from "@topdog/http-kit/request-log";
import { errorRenderer } from "@topdog/http-kit/send-error";
import { createWatchdog, type Watchdog } from "@topdog/http-kit/watchdog";
import type { Bus } from "@topdog/messaging/connect";
import { publishEvent } from "@topdog/messaging/publish";
import { callRpc } from "@topdog/messaging/rpc";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import express, { type Express } from "express";
import { createQuotaSync } from "./clients/quota-sync.ts";
import { processTimers } from "./clients/timers.ts";
import { createUpstream, type Upstream } from "./clients/upstream.ts";
import { createUsagePublisher, type UsagePublisher } from "./clients/usage-publisher.ts";
import type { GatewayConfig } from "./config.ts";
import { onApiKeyRevoked } from "./consumers/on-api-key-revoked.ts";
import { onMemberChanged } from "./consumers/on-member-changed.ts";
import { onQuotaRecalled } from "./consumers/on-quota-recalled.ts";
import { createGatewayMetrics, registerGauges, type GatewayMetrics } from "./metrics.ts";
import { mountAccountRoutes } from "./routes/account-routes.ts";
import { answerBrokenRequests, refuseInFormat } from "./routes/broken-requests.ts";
import { mountDocsRoutes } from "./routes/docs-routes.ts";
import { mountHotRoutes } from "./routes/hot-routes.ts";
import { mountLlmAddresses } from "./routes/llm-addresses.ts";
import { createBadKeys } from "./store/bad-keys.ts";
import { createConcurrency } from "./store/concurrency.ts";
import { createPrincipals, type Principals } from "./store/principals.ts";
import { createQuotaLeases, type QuotaLeases } from "./store/quota-leases.ts";
import type { FrontDoor } from "./usecases/front-door.ts";

export interface AppDeps {
  readonly config: Readonly<GatewayConfig>;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly monotonicMs: () => number;
  /** Unique to this process and never reused. */
  readonly gatewayId: string;
}

export interface App {
  start(): Promise<{ port: number }>;
  /** Lets streams end, gives every lease back, flushes what is to be published. The bus stays the caller's to close. */
  stop(): Promise<void>;
}

/** As seen from src and from dist alike. */
const repositoryDocs = join(import.meta.dirname, "../../../docs");
const resolveTimeoutMs = 1_000;
const publishTimeoutMs = 5_000;
const maxQueuedUsage = 10_000;
/** Addresses whose wrong keys of late are counted. */
const maxBadKeyAddresses = 10_000;
const maxAccountBodyBytes = 1024 * 1024;
const accountLimits = { firstByteMs: 15_000, chunkMs: 15_000, totalMs: 60_000, clientStallMs: 15_000 };
const requestTimeoutMarginMs = 10_000;
const closeLeasesMs = 3_000;
const flushUsageMs = 2_000;

interface Parts {
  readonly metrics: GatewayMetrics;
  readonly principals: Principals;
  readonly leases: QuotaLeases;
  readonly usage: UsagePublisher;
  readonly watchdog: Watchdog;
  readonly upstreams: Readonly<Record<"router" | "quota" | "org-registry" | "billing", Upstream>>;
  readonly inFlight: { count: number };
  readonly bodyBudget: BodyBudget;
  readonly clientAddresses: ClientAddresses;
}

function createParts({ config, bus, logger, metrics: registry, monotonicMs, gatewayId }: AppDeps): Parts {
  const metrics = createGatewayMetrics(registry);
  const upstream = (urls: readonly string[]): Upstream =>
    createUpstream({ urls, connectTimeoutMs: config.CONNECT_TIMEOUT_MS });
  return {
    metrics,
    principals: createPrincipals({
      resolve: async (keyHash) =>
        (await callRpc(bus, resolvePrincipal, { keyHash }, { timeoutMs: resolveTimeoutMs })).principal,
      maxEntries: config.MAX_PRINCIPALS,
      monotonicMs,
      freshMs: config.PRINCIPAL_TTL_MS,
      maxStaleMs: config.PRINCIPAL_MAX_STALE_MS,
      onLookup: (outcome) => metrics.principalLookups.inc({ outcome }, 1),
    }),
    leases: createQuotaLeases({
      gatewayId,
      call: createQuotaSync(bus),
      monotonicMs,
      timers: processTimers,
      maxBuckets: config.MAX_BUCKETS,
      onSync: (outcome, leases) => {
        metrics.leaseSyncs.inc({ outcome }, 1);
        metrics.syncedLeases.inc(leases);
      },
      onFailure: (error) => logger.warn({ err: error }, "quota does not answer: serving what is held"),
    }),
    usage: createUsagePublisher({
      send: async (usage, id) => {
        const traceparent = usage.traceparent ?? undefined;
        await publishEvent(bus, usageConsumed, usage, { id, traceparent, timeoutMs: publishTimeoutMs });
      },
      maxQueued: maxQueuedUsage,
      onOutcome: (outcome, error) => {
        metrics.usagePublishes.inc({ outcome }, 1);
        if (outcome !== "published")
          logger.warn({ err: error, outcome }, "usage of an unanswered call is not published");
      },
    }),
    watchdog: createWatchdog(monotonicMs),
    upstreams: {
      router: upstream(config.ROUTER_URL),
      quota: upstream(config.QUOTA_URL),
      "org-registry": upstream(config.ORG_REGISTRY_URL),
      billing: upstream(config.BILLING_URL),
    },
    inFlight: { count: 0 },
    bodyBudget: createBodyBudget(config.MAX_BODIES_BYTES),
    clientAddresses: createClientAddresses(config.TRUSTED_PROXIES),
  };
}

function createFrontDoor({ config, monotonicMs }: AppDeps, parts: Parts, isDraining: () => boolean): FrontDoor {
  const { bodyBudget: bodies, clientAddresses, principals, metrics, watchdog } = parts;
  // One body of the largest size always fits.
  const maxBodiesBytes = Math.max(config.MAX_BODIES_BYTES_PER_KEY, config.MAX_BODY_BYTES);
  return {
    principals,
    clientAddresses,
    isDraining,
    badKeys: createBadKeys({ perMinute: config.BAD_KEYS_PER_MINUTE, maxAddresses: maxBadKeyAddresses, monotonicMs }),
    addresses: createConcurrency({
      maxCalls: config.MAX_CALLS_PER_ADDRESS,
      maxUploads: config.MAX_UPLOADS_PER_ADDRESS,
      bodies,
      maxBodiesBytes,
    }),
    keys: createConcurrency({
      maxCalls: config.MAX_CALLS_PER_KEY,
      maxUploads: config.MAX_UPLOADS_PER_KEY,
      bodies,
      maxBodiesBytes,
    }),
    pace: {
      watchdog,
      monotonicMs,
      timeoutMs: config.BODY_TIMEOUT_MS,
      minBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
      windowMs: config.UPLOAD_WINDOW_MS,
    },
    onRefused: (limit) => metrics.frontRefusals.inc({ limit }, 1),
  };
}

function createWeb({ config, bus, logger, metrics, monotonicMs }: AppDeps, parts: Parts, door: FrontDoor): Express {
  const { watchdog, upstreams } = parts;
  const principalSecret = config.PRINCIPAL_SECRET.reveal();
  const web = express();
  web.disable("x-powered-by");
  web.set("etag", false);
  web.set("query parser", "simple");
  mountHotRoutes(web, {
    ...parts,
    // The one line of a call has ids and numbers only: looking for secret headers in it cost a tenth of the call.
    logger: logger.child({}, { redact: [] }),
    monotonicMs,
    principalSecret,
    door,
    maxBodyBytes: config.MAX_BODY_BYTES,
    cors: config.CORS_ORIGINS,
    maxInFlight: config.MAX_IN_FLIGHT,
    relay: {
      upstream: upstreams.router,
      watchdog,
      monotonicMs,
      limits: {
        firstByteMs: config.FIRST_BYTE_TIMEOUT_MS,
        chunkMs: config.CHUNK_TIMEOUT_MS,
        totalMs: config.CALL_TIMEOUT_MS,
        clientStallMs: config.CLIENT_STALL_TIMEOUT_MS,
      },
    },
  });
  web.use(requestId(), requestLog({ logger }), securityHeaders());
  mountProbes(web, {
    service: "gateway",
    version: "1",
    metrics,
    isDraining: door.isDraining,
    checks: {
      bus: async () => {
        if (!bus.isConnected()) throw new Error("the bus is away");
      },
    },
  });
  const renderDefault = errorRenderer(defaultErrors);
  const onError = errorHandler({ render: renderDefault, logger });
  mountLlmAddresses(web, { cors: config.CORS_ORIGINS, onError });
  web.use("/v1", notFound(renderDefault), onError);
  mountDocsRoutes(web, config.DOCS_DIR ?? repositoryDocs);
  mountAccountRoutes(web, {
    door,
    services: upstreams,
    watchdog,
    monotonicMs,
    principalSecret,
    maxBodyBytes: maxAccountBodyBytes,
    limits: accountLimits,
  });
  web.use(notFound(renderProblem), errorHandler({ render: renderProblem, logger }));
  return web;
}

export function createApp(deps: AppDeps): App {
  const { config, bus } = deps;
  const parts = createParts(deps);
  const { leases, principals, usage, watchdog, upstreams } = parts;
  let draining = false;
  const door = createFrontDoor(deps, parts, () => draining);
  const server = createHttpServer(createWeb(deps, parts, door), {
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    // A body's own deadline is shorter, and answers in the path's dialect.
    requestTimeoutMs: config.HEADERS_TIMEOUT_MS + config.BODY_TIMEOUT_MS + requestTimeoutMarginMs,
    refuse: refuseInFormat,
  });
  answerBrokenRequests(server);
  const connections = limitConnections(server, {
    maxConnections: config.MAX_CONNECTIONS,
    maxPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
    maxOpening: config.MAX_OPENING_CONNECTIONS,
    addresses: parts.clientAddresses,
    onRefused: (limit) => parts.metrics.frontRefusals.inc({ limit }, 1),
  });
  registerGauges(deps.metrics, {
    inFlight: () => parts.inFlight.count,
    heldLeases: () => leases.heldLeases(),
    connections: () => connections.open(),
    openingConnections: () => connections.opening(),
    activeKeys: () => door.keys.size(),
    activeAddresses: () => door.addresses.size(),
    bodyBytes: () => parts.bodyBudget.heldBytes(),
    knownPrincipals: () => principals.size(),
    queuedUsage: () => usage.queued(),
  });
  const stops: (() => void)[] = [];

  return {
    start: async () => {
      stops.push(
        onApiKeyRevoked(bus, principals),
        onMemberChanged(bus, principals),
        onQuotaRecalled(bus, leases),
        bus.onReconnect(() => {
          principals.distrustAll();
          leases.sync.resyncAll();
        }),
      );
      await bus.nc.flush();
      leases.sync.start();
      return listen(server, { host: config.HTTP_HOST, port: config.HTTP_PORT });
    },
    stop: async () => {
      draining = true;
      await drainServer(server, { graceMs: config.SHUTDOWN_GRACE_MS });
      await leases.sync.closeAll(closeLeasesMs);
      await usage.stop(flushUsageMs);
      for (const stop of stops) stop();
      watchdog.stop();
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
    },
  };
}
