import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { join } from "node:path";
import type { RouterLinks } from "@topdog/call-link/gateway/router-links";
import { readLinkTls } from "@topdog/call-link/tls-files";
import { createCallerSigner } from "@topdog/caller-token/sign";
import { resolveSession } from "@topdog/contracts/rpc/resolve-session";
import { cookiesOf } from "@topdog/contracts/session-cookies";
import { noteKeyUses } from "@topdog/contracts/rpc/note-key-uses";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { operatorVerifier } from "@topdog/http-kit/auth";
import { createBodyBudget, type BodyBudget } from "@topdog/http-kit/body-budget";
import { createClientAddresses, type ClientAddresses } from "@topdog/http-kit/client-address";
import { limitConnections } from "@topdog/http-kit/connection-limits";
import { drainEvent, drainOverEvent } from "@topdog/http-kit/create-server";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { createWatchdog, type Watchdog } from "@topdog/http-kit/watchdog";
import { LiveMap } from "@topdog/live-map/live-map";
import { maxBatchBytes } from "@topdog/messaging/event-batch";
import { publishBatch } from "@topdog/messaging/publish";
import { callRpc } from "@topdog/messaging/rpc";
import { createLineLog } from "@topdog/telemetry/line-log";
import { type Context, defineService, type WebOptions } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { onApiKeyChanged } from "./broadcasts/on-api-key-changed.ts";
import { onApiKeyRevoked } from "./broadcasts/on-api-key-revoked.ts";
import { onByokChanged } from "./broadcasts/on-byok-changed.ts";
import { onMemberChanged } from "./broadcasts/on-member-changed.ts";
import { openBroadcasts } from "./broadcasts/open-broadcasts.ts";
import type { PrincipalChange } from "./broadcasts/principal-change.ts";
import { onSessionRevoked } from "./broadcasts/on-session-revoked.ts";
import { connectRouters } from "./clients/router-links.ts";
import { createPermitAsks } from "./clients/permit-asks.ts";
import { createQuotaSync } from "./clients/quota-sync.ts";
import { processTimers } from "./clients/timers.ts";
import { openSiblings, type Siblings } from "./clients/siblings.ts";
import { createUsagePublisher, type UsagePublisher } from "./clients/usage-publisher.ts";
import { configSchema, type GatewayConfig } from "./config.ts";
import { catchUpPrincipals } from "./jobs/catch-up-principals.ts";
import { liveJobs } from "./jobs/live-jobs.ts";
import { createGatewayMetrics, registerGauges, type GatewayMetrics } from "./metrics.ts";
import { mountAccountRoutes } from "./routes/account-routes.ts";
import { answerBrokenRequests, refuseInFormat } from "./routes/broken-requests.ts";
import { chooseErrorPage, documentRoutes, mountSwaggerUi } from "./routes/docs-routes.ts";
import { mountHotRoutes, serveHotCalls } from "./routes/hot-routes.ts";
import { mountLlmAddresses, renderLlmError } from "./routes/llm-addresses.ts";
import { mountSite, redirectToCanonicalHost } from "./routes/site-routes.ts";
import { createFrontDoorBounds } from "./store/front-door-bounds.ts";
import { createFreeCalls } from "./store/free-calls.ts";
import { createKeyUses, type KeyUses } from "./store/key-uses.ts";
import { createLiveStreams, type LiveStreams } from "./store/live-streams.ts";
import { createOpenBreakers, type OpenBreakers } from "./store/open-breakers.ts";
import { createPrincipals, type Principals } from "./store/principals.ts";
import { createSessions, type Sessions } from "./store/sessions.ts";
import { createQuotaHoldings, type QuotaHoldings } from "./store/quota-holdings.ts";
import { createRoutes } from "./routes/routes.ts";
import { loadSite } from "./store/site.ts";
import type { InFlight, ServeCallDeps } from "./usecases/call.ts";
import { catchUpEveryMs } from "./usecases/catch-up.ts";
import type { FrontDoor } from "./usecases/front-door.ts";
import { createRequestIdentities } from "./usecases/identify-request.ts";
import { createLiveDeps } from "./usecases/open-live-stream.ts";
import { interruptCalls } from "./usecases/serve-call.ts";
import { lastWordsPart } from "./usecases/tell-last-words.ts";
import { createPlatformWatch } from "./usecases/watch-platform.ts";

/** The same path from src and from dist. */
const repositoryDocs = join(import.meta.dirname, "../../../docs");
const noteUsesTimeoutMs = 2_000;
const resolveTimeoutMs = 2_000;
/** For what no event tells. */
const maxPrincipalAgeMs = 3_600_000;
const publishTimeoutMs = 5_000;
const maxQueuedUsage = 10_000;
const maxAccountBodyBytes = 1024 * 1024;
const maxLiveStreams = 10_000;
const maxLiveStreamsPerPerson = 8;
const accountLimits = { firstByteMs: 15_000, chunkMs: 15_000, totalMs: 60_000, clientStallMs: 15_000 };
/** Of a client's request: its target and its headers. */
const maxHeaderBytes = 16 * 1024;
const requestTimeoutMarginMs = 10_000;
const closeLeasesMs = 3_000;
const flushUsageMs = 2_000;

interface GatewayDeps {
  readonly monotonicMs: () => number;
  /** Unique to this process and never reused. */
  readonly newGatewayId: () => string;
}

const needs = { bus: "required" } as const;
type GatewayContext = Context<typeof needs, Readonly<GatewayConfig>, GatewayDeps>;

interface Parts extends QuotaHoldings {
  readonly metrics: GatewayMetrics;
  readonly principals: Principals;
  readonly sessions: Sessions;
  readonly principalChanges: readonly PrincipalChange[];
  readonly keyUses: KeyUses;
  readonly usage: UsagePublisher;
  readonly watchdog: Watchdog;
  readonly links: RouterLinks;
  readonly streams: LiveStreams;
  readonly openBreakers: OpenBreakers;
  readonly siblings: Siblings;
  readonly inFlight: InFlight;
  readonly bodyBudget: BodyBudget;
  readonly clientAddresses: ClientAddresses;
}

function createParts({
  config,
  bus,
  logger,
  metrics: registry,
  deps: { monotonicMs, newGatewayId },
}: GatewayContext): Parts {
  const metrics = createGatewayMetrics(registry);
  const sessions = createSessions({
    resolve: async (tokenHash) =>
      (await callRpc(bus, resolveSession, { tokenHash }, { timeoutMs: resolveTimeoutMs })).session,
    maxEntries: config.MAX_PRINCIPALS,
    monotonicMs,
    freshMs: config.PRINCIPAL_TTL_MS,
  });
  const principals = createPrincipals({
    resolve: async (keyHash) =>
      (await callRpc(bus, resolvePrincipal, { keyHash }, { timeoutMs: resolveTimeoutMs })).principal,
    maxEntries: config.MAX_PRINCIPALS,
    monotonicMs,
    freshMs: config.PRINCIPAL_TTL_MS,
    maxAgeMs: maxPrincipalAgeMs,
    maxStaleMs: config.PRINCIPAL_MAX_STALE_MS,
    onLookup: (outcome) => metrics.principalLookups.inc({ outcome }, 1),
  });
  return {
    metrics,
    principals,
    sessions,
    principalChanges: [
      onApiKeyRevoked(principals),
      onApiKeyChanged(principals),
      onMemberChanged(principals),
      onSessionRevoked(sessions),
      ...onByokChanged(principals),
    ],
    ...createQuotaHoldings({
      gatewayId: newGatewayId(),
      monotonicMs,
      timers: processTimers,
      sync: createQuotaSync(bus),
      askPermits: createPermitAsks(bus),
      maxBuckets: config.MAX_BUCKETS,
      journalDir: config.LEASE_JOURNAL_DIR,
      metrics,
      onFailure: (error) => logger.warn({ err: error }, "quota does not answer: serving what is held"),
    }),
    keyUses: createKeyUses({
      send: (uses) => callRpc(bus, noteKeyUses, { uses }, { timeoutMs: noteUsesTimeoutMs }),
      monotonicMs,
      nowMs: Date.now,
      timers: processTimers,
      onFailure: (error) => logger.warn({ err: error }, "org-registry was not told which keys are used"),
    }),
    usage: createUsagePublisher({
      send: async (batch) => {
        await publishBatch(bus, usageConsumed, batch, { timeoutMs: publishTimeoutMs });
      },
      maxBatchBytes: () => maxBatchBytes(bus.nc.info?.max_payload),
      maxQueued: maxQueuedUsage,
      onOutcome: (outcome, records, error) => {
        metrics.usagePublishes.inc({ outcome }, records);
        if (outcome !== "published")
          logger.warn({ err: error, outcome, records }, "usage of an unanswered call is not published");
      },
    }),
    watchdog: createWatchdog(monotonicMs),
    links: connectRouters({
      groups: config.ROUTER_URL,
      key: config.CALLER_SIGNING_KEY,
      routers: config.ROUTER_PUBLIC_KEYS,
      tls: readLinkTls(config),
      connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      logger,
      metrics,
    }),
    streams: createLiveStreams({ maxStreams: maxLiveStreams, maxPerPerson: maxLiveStreamsPerPerson }),
    openBreakers: createOpenBreakers(monotonicMs),
    siblings: openSiblings({ urls: siblingUrls(config), connectTimeoutMs: config.CONNECT_TIMEOUT_MS, logger }),
    inFlight: { count: 0, running: new LiveMap(), lastNumber: 0 },
    bodyBudget: createBodyBudget(Math.max(config.MAX_BODIES_BYTES, config.MAX_BODY_BYTES)),
    clientAddresses: createClientAddresses(config.TRUSTED_PROXIES),
  };
}

/** Registers what closes each thing that is open by now, in the order of opening: usage is flushed before its connection closes. */
function registerReleases({ onStop }: GatewayContext, { siblings, watchdog, usage, keyUses, links }: Parts): void {
  for (const [name, pool] of Object.entries(siblings)) onStop(`connections to ${name}`, () => pool.close());
  onStop("watchdog", () => watchdog.stop());
  onStop("uses of keys", () => keyUses.stop());
  onStop("usage of unanswered calls", () => usage.stop(flushUsageMs));
  // Calls that are cut here are settled before the usage is flushed.
  onStop("links to routers", () => links.stop());
}

const siblingUrls = ({ ORG_REGISTRY_URL, QUOTA_URL, BILLING_URL }: GatewayConfig) => ({
  "org-registry": ORG_REGISTRY_URL,
  quota: QUOTA_URL,
  billing: BILLING_URL,
});

const identifyOptions = ({ config }: GatewayContext, { sessions }: Parts) => ({
  sessions,
  cookies: cookiesOf(config.PUBLIC_URL),
  publicUrl: config.PUBLIC_URL,
});

function hotDeps({ config, logger, deps }: GatewayContext, parts: Parts, door: FrontDoor): ServeCallDeps {
  const { monotonicMs } = deps;
  return {
    ...parts,
    logger,
    callLog: createLineLog(logger, "call"),
    monotonicMs,
    door,
    freeCalls: createFreeCalls({
      perMinute: config.FREE_CALLS_PER_MINUTE,
      maxKeys: config.MAX_PRINCIPALS,
      monotonicMs,
    }),
    maxBodyBytes: config.MAX_BODY_BYTES,
    cors: config.CORS_ORIGINS,
    maxInFlight: config.MAX_IN_FLIGHT,
    relay: {
      links: parts.links,
      watchdog: parts.watchdog,
      monotonicMs,
      limits: {
        firstByteMs: config.FIRST_BYTE_TIMEOUT_MS,
        chunkMs: config.CHUNK_TIMEOUT_MS,
        totalMs: config.CALL_TIMEOUT_MS,
        clientStallMs: config.CLIENT_STALL_TIMEOUT_MS,
      },
    },
  };
}

function webOf(context: GatewayContext, parts: Parts, door: FrontDoor): Partial<WebOptions> {
  const { config, logger, deps } = context;
  const { monotonicMs } = deps;
  const { watchdog, siblings } = parts;
  const hot = hotDeps(context, parts, door);
  const onError = errorHandler({ render: renderLlmError, logger });
  const site = config.WEB_DIR === undefined ? null : loadSite(config.WEB_DIR);
  return {
    trustRequestId: false,
    server: {
      maxHeaderBytes,
      headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
      // A body's own deadline is shorter, and answers in the path's dialect.
      requestTimeoutMs: config.HEADERS_TIMEOUT_MS + config.BODY_TIMEOUT_MS + requestTimeoutMarginMs,
      refuse: refuseInFormat,
      serveFirst: serveHotCalls(hot),
    },
    onServer: (server) => guardServer(server, context, parts, door),
    mountFirst: (app) => {
      mountHotRoutes(app, hot);
      app.use(redirectToCanonicalHost(config.PUBLIC_URL));
      chooseErrorPage(app, site);
    },
    mountLast: (app) => {
      mountLlmAddresses(app, { cors: config.CORS_ORIGINS, onError });
      app.use("/v1", notFound(renderLlmError), onError);
      mountSwaggerUi(app);
      mountAccountRoutes(app, {
        door,
        ...identifyOptions(context, parts),
        services: siblings,
        onMoved: (sibling, reason) => parts.metrics.movedRequests.inc({ sibling, reason }, 1),
        watchdog,
        monotonicMs,
        signCaller: createCallerSigner(config.CALLER_SIGNING_KEY, Date.now),
        maxBodyBytes: maxAccountBodyBytes,
        isOperator: operatorVerifier(config.OPERATOR_TOKEN),
        limits: accountLimits,
      });
      mountSite(app, {
        site,
        publicUrl: config.PUBLIC_URL,
        googleToken: config.GOOGLE_SITE_VERIFICATION,
        bingUser: config.BING_SITE_VERIFICATION,
      });
    },
  };
}

function guardServer(server: Server, { config, metrics }: GatewayContext, parts: Parts, door: FrontDoor): void {
  answerBrokenRequests(server);
  server.on(drainEvent, () => parts.streams.endAll("draining"));
  server.on(drainOverEvent, () => interruptCalls(parts.inFlight));
  const connections = limitConnections(server, {
    maxConnections: config.MAX_CONNECTIONS,
    maxPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
    maxOpening: config.MAX_OPENING_CONNECTIONS,
    addresses: parts.clientAddresses,
    onRefused: (limit) => parts.metrics.frontRefusals.inc({ limit }, 1),
  });
  registerGauges(metrics, {
    inFlight: () => parts.inFlight.count,
    heldLeases: () => parts.leases.heldLeases(),
    connections: () => connections.open(),
    openingConnections: () => connections.opening(),
    activeKeys: () => door.keys.size(),
    activeAddresses: () => door.addresses.size(),
    bodyBytes: () => parts.bodyBudget.heldBytes(),
    knownPrincipals: () => parts.principals.size(),
    queuedUsage: () => parts.usage.queued(),
    links: () => parts.links.counts(),
    silentSiblings: () => Object.values(parts.siblings).reduce((sum, pool) => sum + pool.ejected(), 0),
  });
}

/** At its stop streams end, every lease is given back, usage is flushed; then the bus is closed. */
export const gateway = defineService({
  name: "gateway",
  needs,
  config: configSchema,
  deps: { monotonicMs: (): number => performance.now(), newGatewayId: (): string => `gw_${randomUUID()}` },
  build: (context) => {
    const parts = createParts(context);
    const { sync } = parts.leases;
    registerReleases(context, parts);
    const { config, isDraining, deps } = context;
    const door: FrontDoor = createFrontDoorBounds(config, { ...parts, isDraining, monotonicMs: deps.monotonicMs });
    const identities = createRequestIdentities({ ...identifyOptions(context, parts), door });
    const live = createLiveDeps(context.bus, parts);
    const watch = createPlatformWatch({
      siblings: parts.siblings,
      links: () => parts.links.counts(),
      busIsConnected: () => context.bus.isConnected(),
      openBreakers: () => parts.openBreakers.list().length,
      nowMs: Date.now,
    });
    return {
      routes: [
        ...documentRoutes(context.config.DOCS_DIR ?? repositoryDocs),
        ...createRoutes({ live, openBreakers: parts.openBreakers, status: watch.status, ...identities }),
      ],
      verifiers: { caller: identities },
      // All gateways would leave their balancer together.
      servesWithoutBus: () => parts.leases.heldLeases() > 0,
      web: webOf(context, parts, door),
      parts: {
        "last words": lastWordsPart({ ...parts, sync: createQuotaSync(context.bus), logger: context.logger }),
        broadcasts: partOf(() => openBroadcasts(context.bus, parts)),
        leases: { start: () => sync.start(), stop: () => sync.closeAll(closeLeasesMs) },
        permits: { start: () => undefined, stop: () => parts.permits.stop(closeLeasesMs) },
      },
      jobs: [
        ...liveJobs(live, watch),
        catchUpPrincipals(context.bus, catchUpEveryMs(context.config.PRINCIPAL_TTL_MS), {
          principals: parts.principals,
          changes: parts.principalChanges,
        }),
      ],
    };
  },
});
