import type { IncomingCall } from "@topdog/call-link/call";
import { createLinkServer, type LinkServer } from "@topdog/call-link/router/link-server";
import { readLinkTls } from "@topdog/call-link/tls-files";
import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { answerReplays } from "@topdog/messaging/answer-replays";
import type { Bus } from "@topdog/messaging/connect";
import { createBodyBudget } from "@topdog/http-kit/body-budget";
import { createMessagingMetrics, type MessagingMetrics } from "@topdog/messaging/metrics";
import { callRpc } from "@topdog/messaging/rpc";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import type { BackgroundBus } from "@topdog/service/background-bus";
import { defineService } from "@topdog/service/define";
import type { Logger } from "@topdog/telemetry/logger";
import { createKeyring } from "@topdog/vault/keyring";
import { onCredentialsChanged } from "./broadcasts/on-credentials-changed.ts";
import { onProviderStateChanged } from "./broadcasts/on-provider-state-changed.ts";
import { countRecord, createCallCounter } from "./clients/call-counter.ts";
import { createEventPublisher, type EventPublisher, isHopelessUsage } from "./clients/event-publisher.ts";
import { createByokCredentials } from "./clients/byok-credentials.ts";
import { createByokOffers } from "./clients/byok-upstreams.ts";
import { byokOnlyUpstreams, upstreamPool } from "./clients/upstream-pool.ts";
import { readRoutingPolicy } from "./clients/routing-file.ts";
import { createUpstreams, type UpstreamOptions, type Upstreams, type UpstreamsDeps } from "./clients/upstreams.ts";
import { createCredentialOpener } from "./clients/open-credential.ts";
import { onMemberChanged } from "./consumers/on-member-changed.ts";
import { onOrgUpdated } from "./consumers/on-org-updated.ts";
import { configSchema, poolOptions, readSecret, type RouterConfig } from "./config.ts";
import { createAnswerJudgements } from "./domain/answer-judgements.ts";
import { createHedgeBudget, neverHedged } from "./domain/hedge-budget.ts";
import type { KeptAnswers } from "./domain/kept-answers.ts";
import { createModelCatalog } from "./domain/model-catalog.ts";
import { pricesAsOf } from "./domain/model-table.ts";
import { breakerValues, createRouterMetrics, registerGauges, type RouterMetrics } from "./metrics.ts";
import { answerCheckCredential } from "./responders/answer-check-credential.ts";
import { forgetHandledEvents } from "./jobs/forget-handled-events.ts";
import { forgetKeptAnswers } from "./jobs/forget-kept-answers.ts";
import { type ProbeConsistencyDeps, probeConsistency } from "./jobs/probe-consistency.ts";
import { consistencyRoutes } from "./routes/consistency-sli.ts";
import { linkCalls } from "./routes/link-calls.ts";
import { createKeptAnswers } from "./store/kept-answers.ts";
import type { AnswerDeps } from "./usecases/answer-deps.ts";
import type { CallDeps } from "./usecases/call.ts";
import { type DurableSpool, type DurableSpoolDeps, openDurableSpool } from "./store/spool/durable-spool.ts";

/** What the app needs of a spool: a test may build the router with one that is not durable. */
export type RunningSpool = Pick<DurableSpool, "begin" | "record" | "stats" | "stop" | "recovered">;

const shippingGraceMs = 3000;
const handshakeTimeoutMs = 5000;
const hourMs = 3_600_000;
/** Of a statement, while a call waits. */
const keepingTimeoutMs = 3000;
/** Of a kept answer's status and headers. */
const headBytes = 64 * 1024;
/** Of the question for a tenant's envelopes, while a call waits. */
const credentialsTimeoutMs = 2000;
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
    const options = poolOptions(config, deps.readSecret);
    const pool = upstreamPool(options);
    const probed = probedUpstreams(config, pool);
    const policy = readRoutingPolicy(config.ROUTING_FILE);
    const catalog = createModelCatalog(
      pool.map(({ id, models, provider: { dialects, native } }) => ({ id, models, dialects, native })),
      policy,
    );
    const everyUpstream = [...pool, ...byokOnlyUpstreams(options)];
    const metrics = createRouterMetrics(registry, {
      upstreamIds: everyUpstream.map(({ id }) => id),
      families: familiesOf(everyUpstream),
    });
    const shared: Shared = { config, logger, metrics, nowMs: deps.nowMs, publisher: createEventPublisher(bus, logger) };
    // Waits until the last process has released it.
    const hedges = createHedgeBudget(policy.hedging ?? neverHedged);
    const count = countRecord(metrics);
    const onRecorded: DurableSpoolDeps["onRecorded"] = (usage) => {
      count(usage);
      if ((usage.credential ?? "platform") === "platform") hedges.spent(usage.costNanoUsd);
    };
    const spool = await deps.openSpool({ ...spoolDeps(shared), onRecorded });
    onStop("usage spool", () => spool.stop(shippingGraceMs));
    logger.info({ ...spool.recovered, ...spool.stats(), pricesAsOf }, "the usage spool is open");
    const upstreams = createUpstreams({ upstreams: everyUpstream, ...upstreamsOptions(shared) });
    onStop("upstreams", () => upstreams.close());
    onStop("fleet news", hearFleet(shared, bus, upstreams));
    const credentials = createByokCredentials({
      ask: askForCredentials(bus),
      monotonicMs: () => performance.now(),
      maxCredentials: config.MAX_BYOK_CREDENTIALS,
    });
    const open = createCredentialOpener({
      vault: createKeyring(config.VAULT_KEYS),
      logger,
      onFailure: (tenant) => credentials.drop(tenant),
    });
    const byok = { credentials, offers: createByokOffers(everyUpstream, policy), open };
    onStop("credentials", hearOfCredentials(shared, bus, byok));
    const judgements = createAnswerJudgements({
      consistency: (of, value) => metrics.answerConsistency.observe(of, value),
      hallucination: (of, value) => metrics.hallucinationSeverity.observe(of, value),
    });
    const db = openDatabase(shared, onStop);
    const kept = db === null ? null : keptAnswersIn(db, config);
    const messagingMetrics = createMessagingMetrics(registry);
    if (db !== null) onStop("erasures", hearWhoIsGone(shared, bus, db, messagingMetrics));
    let turn = 0;
    const { nowMs } = deps;
    const serve = linkCalls({
      logger,
      calls: {
        catalog,
        upstreams,
        byok,
        spool,
        observer: createCallCounter(metrics),
        hedges,
        maxAttempts: config.MAX_ATTEMPTS,
        policy,
        timeouts: timeoutsOf(config),
        nowMs,
        nextTurn: () => (turn = (turn + 1) % Number.MAX_SAFE_INTEGER),
        kept,
        keeping: keepingOf(config),
        onKeepingFailed(error) {
          metrics.keepingFailures.inc();
          logger.warn({ err: error }, "an answer could not be kept, or not be read again");
        },
      },
    });
    const link = gatewayLink(shared, serve);
    registerGauges(registry, { spool: () => spool.stats(), link });
    return {
      // A provider that is down does not make the router unready: calls fall back to others.
      checks: { spool: async () => assertHealthy(spool) },
      web: { securityHeaders: false, logRequests: false },
      routes: consistencyRoutes(judgements),
      jobs: [
        ...(db === null || kept === null ? [] : [forgetKeptAnswers(kept), forgetHandledEvents(db)]),
        ...(probed === null ? [] : [probeConsistency({ ...probed, judgements: judgements.consistency })]),
      ],
      parts: {
        calls: { start: async () => void (await link.start()), stop: () => link.stop(config.SHUTDOWN_GRACE_MS) },
      },
    };
  },
});

/** Null where no model is asked questions of our own. */
function probedUpstreams(
  { CONSISTENCY_PROBE_MODEL: model, CONSISTENCY_PROBE_INTERVAL_MS: intervalMs }: RouterConfig,
  pool: readonly UpstreamOptions[],
): Omit<ProbeConsistencyDeps, "judgements"> | null {
  if (model === undefined) return null;
  const upstreams = pool.filter(({ models }) => models.some(({ id }) => id === model));
  if (upstreams.length === 0) throw new Error(`CONSISTENCY_PROBE_MODEL: no upstream here serves ${model}`);
  return { upstreams, model, intervalMs };
}

/** Null where no database is configured. It is used when it is there: calls that ask for nothing of it go on without it. */
function openDatabase(
  { config }: Shared,
  onStop: (name: string, release: () => Promise<void>) => void,
): Database | null {
  const { DATABASE_URL: url, DATABASE_CONNECTIONS: maxConnections } = config;
  if (url === undefined) return null;
  const options = { applicationName: "llm-router", maxConnections, statementTimeoutMs: keepingTimeoutMs };
  const db = createDatabase({ url: url.reveal(), ...options });
  onStop("database", () => db.destroy());
  return db;
}

const keptAnswersIn = (db: Database, config: RouterConfig): KeptAnswers =>
  createKeptAnswers(db, {
    vault: createKeyring(config.VAULT_KEYS),
    maxBytes: config.MAX_KEPT_ANSWER_BYTES + headBytes,
    maxPerOwner: config.MAX_KEPT_ANSWERS,
  });

const keepingOf = (config: RouterConfig): AnswerDeps["keeping"] => ({
  maxBytes: config.MAX_KEPT_ANSWER_BYTES,
  budget: createBodyBudget(config.MAX_HELD_ANSWERS_BYTES),
  idempotencyTtlMs: config.IDEMPOTENCY_HOURS * hourMs,
  responseTtlMs: config.RESPONSE_RETENTION_HOURS * hourMs,
});

const familiesOf = (upstreams: readonly UpstreamOptions[]): string[] => [
  ...new Set(upstreams.flatMap(({ models }) => models.map(({ family }) => family))),
];

function assertHealthy(spool: RunningSpool): void {
  if (!spool.stats().healthy) throw new Error("the usage spool cannot write");
}

const spoolDeps = ({ config, logger, metrics, publisher, nowMs }: Shared): Omit<DurableSpoolDeps, "onRecorded"> => ({
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
  keepShippedMs: config.SPOOL_KEEP_SHIPPED_MS,
  keepShippedBytes: config.SPOOL_KEEP_SHIPPED_BYTES,
  onQuarantined(id, error) {
    metrics.usageQuarantined.inc();
    logger.error({ err: error, record: id }, "a usage record cannot be published: it is in the spool's quarantine");
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

const askForCredentials =
  (bus: BackgroundBus): Parameters<typeof createByokCredentials>[0]["ask"] =>
  async (question) => {
    const connected = bus.now();
    if (connected === null) throw new Error("the bus is not there yet");
    return callRpc(connected, listCredentials, question, { timeoutMs: credentialsTimeoutMs });
  };

type Stop = () => void | Promise<void>;

/** Begins once the bus is there, which may be never. Returns how to stop. */
function onceConnected(bus: BackgroundBus, begin: (connected: Bus) => Stop): () => Promise<void> {
  let isOver = false;
  let stop: Stop = () => undefined;
  const start = (connected: Bus): void => {
    if (!isOver) stop = begin(connected);
  };
  // A bus that can never be used has been reported, and a router works without it.
  bus.whenConnected().then(start, () => undefined);
  return async () => {
    isOver = true;
    await stop();
  };
}

/** Hears of changed credentials and answers for providers about new ones. */
const hearOfCredentials = ({ logger }: Shared, bus: BackgroundBus, byok: CallDeps["byok"]): (() => Promise<void>) =>
  onceConnected(bus, (connected) => {
    const checks = answerCheckCredential(connected, { ...byok, logger });
    const stopListening = onCredentialsChanged(connected, byok.credentials);
    // What was asked before anything was heard may be out of date.
    byok.credentials.distrustAll();
    return async () => {
      stopListening();
      await checks.stop();
    };
  });

/** Hears what other routers find out. */
const hearFleet = ({ nowMs }: Shared, bus: BackgroundBus, upstreams: Upstreams): (() => Promise<void>) =>
  onceConnected(bus, (connected) => onProviderStateChanged(connected, { upstreams, nowMs }));

/** Hears who is gone, so that nothing is kept of them. */
const hearWhoIsGone = (
  { logger }: Shared,
  bus: BackgroundBus,
  db: Database,
  messagingMetrics: MessagingMetrics,
): (() => Promise<void>) =>
  onceConnected(bus, (connected) => {
    const context = { bus: connected, db, logger, messagingMetrics };
    const consumers = [onMemberChanged(context), onOrgUpdated(context)];
    for (const consumer of consumers) consumer.start();
    const replays = answerReplays(context, replayDeadLetterOf["llm-router"], consumers);
    return async () => {
      await replays.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    };
  });

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
