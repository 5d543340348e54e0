import { operations } from "@topdog/dialects/dialects";
import type { Metrics } from "@topdog/telemetry/metrics";
import { accountServices, type AccountService } from "./domain/account-target.ts";

const callRoutes = operations.map(({ endpoint }) => endpoint);

/** How a hot call ended, as the gateway saw it. */
const callOutcomes = [
  "ok",
  "rejected",
  "failed",
  "cut",
  "unanswered",
  "client_closed",
  "unauthenticated",
  "forbidden",
  "quota_exceeded",
  "ceiling_reached",
  "free_calls_exceeded",
  "reduced_capacity",
  "bad_upload",
  "overloaded",
  "draining",
  "too_many_calls",
  "concurrency_exceeded",
  "too_many_bad_keys",
] as const;
export type CallOutcome = (typeof callOutcomes)[number];

const lookups = ["hit", "stale", "miss", "refused", "failed"] as const;
const admissionOutcomes = ["admitted", "exhausted", "ceiling_reached", "unavailable", "client_gone"] as const;
type AdmissionOutcome = (typeof admissionOutcomes)[number];

const connectionLimits = ["connections", "connections_of_address", "opening_connections"] as const;
/** Limits that a call may meet before it is admitted. */
const callLimits = [
  "calls_of_address",
  "calls_of_key",
  "uploads_of_address",
  "uploads_of_key",
  "body_bytes",
  "bad_keys",
  "calls_in_flight",
] as const;
export type CallLimit = (typeof callLimits)[number];
const frontLimits = [...connectionLimits, ...callLimits] as const;
type FrontLimit = (typeof frontLimits)[number];

const moveReasons = ["draining", "refused", "unsent", "lost"] as const;
type MoveReason = (typeof moveReasons)[number];
/** Why another instance of a sibling was asked. */
export const requestMoveReasons = ["unreachable", "reset", "silent"] as const;
export type RequestMoveReason = (typeof requestMoveReasons)[number];

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const overheadBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2];

export interface GatewayMetricSources {
  inFlight(): number;
  heldLeases(): number;
  activeKeys(): number;
  activeAddresses(): number;
  bodyBytes(): number;
  connections(): number;
  openingConnections(): number;
  knownPrincipals(): number;
  queuedUsage(): number;
  links(): { readonly ready: number; readonly ejected: number; readonly down: number };
  silentSiblings(): number;
}

interface LabelledCounter<L> {
  inc(labels: L, value: number): void;
}
interface LabelledHistogram<L> {
  observe(labels: L, value: number): void;
}

export interface GatewayMetrics {
  readonly requests: LabelledCounter<{ route: string; outcome: CallOutcome }>;
  readonly admissions: LabelledCounter<{ source: "personal" | "org_pool" | "none"; outcome: AdmissionOutcome }>;
  readonly frontRefusals: LabelledCounter<{ limit: FrontLimit }>;
  readonly leaseSyncs: LabelledCounter<{ outcome: "ok" | "failed" }>;
  readonly syncedLeases: { inc(value: number): void };
  readonly principalLookups: LabelledCounter<{ outcome: (typeof lookups)[number] }>;
  readonly usagePublishes: LabelledCounter<{ outcome: "published" | "retried" | "dropped" }>;
  readonly tokens: LabelledCounter<{ kind: "prompt" | "completion" }>;
  readonly movedCalls: LabelledCounter<{ reason: MoveReason }>;
  readonly movedRequests: LabelledCounter<{ sibling: AccountService; reason: RequestMoveReason }>;
  readonly firstByteSeconds: LabelledHistogram<{ route: string }>;
  readonly overheadSeconds: LabelledHistogram<{ route: string }>;
}

export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  return {
    requests: metrics.counter({
      name: "topdog_gateway_requests_total",
      help: "Calls of the LLM API, by how they ended",
      labels: { route: callRoutes, outcome: callOutcomes },
    }),
    admissions: metrics.counter({
      name: "topdog_gateway_admissions_total",
      help: "Decisions on whether a call may run, by who pays",
      labels: { source: ["personal", "org_pool", "none"], outcome: admissionOutcomes },
    }),
    frontRefusals: metrics.counter({
      name: "topdog_gateway_front_refusals_total",
      help: "Connections and calls refused at the front door, by the limit that was met",
      labels: { limit: frontLimits },
    }),
    leaseSyncs: metrics.counter({
      name: "topdog_gateway_lease_syncs_total",
      help: "Messages that reported leases to quota",
      labels: { outcome: ["ok", "failed"] },
    }),
    syncedLeases: metrics.counter({
      name: "topdog_gateway_synced_leases_total",
      help: "Leases in the messages to quota",
    }),
    principalLookups: metrics.counter({
      name: "topdog_gateway_principal_lookups_total",
      help: "Keys looked up: hit, and most that are stale or refused, cost no hop",
      labels: { outcome: lookups },
    }),
    usagePublishes: metrics.counter({
      name: "topdog_gateway_usage_publishes_total",
      help: "Usage records of calls that no router answered for; a dropped one leaves a gap in the ledger",
      labels: { outcome: ["published", "retried", "dropped"] },
    }),
    tokens: metrics.counter({
      name: "topdog_gateway_tokens_total",
      help: "Tokens of text that routers report of calls",
      labels: { kind: ["prompt", "completion"] },
    }),
    movedCalls: metrics.counter({
      name: "topdog_gateway_moved_calls_total",
      help: "Calls that went to another router, the first having done nothing for them or being lost before it answered",
      labels: { reason: moveReasons },
    }),
    movedRequests: metrics.counter({
      name: "topdog_gateway_moved_requests_total",
      help: "Requests of the account API that went to another instance of a sibling, the first having not answered",
      labels: { sibling: accountServices, reason: requestMoveReasons },
    }),
    firstByteSeconds: metrics.histogram({
      name: "topdog_gateway_first_byte_seconds",
      help: "From a call's arrival to the first byte of its answer",
      labels: { route: callRoutes },
      buckets: secondsBuckets,
    }),
    overheadSeconds: metrics.histogram({
      name: "topdog_gateway_added_overhead_seconds",
      help: "From a call's last byte to its dispatch to a router: what the gateway itself adds",
      labels: { route: callRoutes },
      buckets: overheadBuckets,
    }),
  };
}

/** Values that are read at each scrape. */
export function registerGauges(metrics: Metrics, sources: GatewayMetricSources): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    metrics.gauge({ name, help, collect: (one) => one.set(read()) });
  };
  gauge("topdog_gateway_calls_in_flight", "Calls being served, their bodies read", () => sources.inFlight());
  gauge("topdog_gateway_held_buckets", "Buckets that this gateway holds a lease of", () => sources.heldLeases());
  gauge("topdog_gateway_active_keys", "API keys with a call under way", () => sources.activeKeys());
  gauge("topdog_gateway_active_addresses", "Addresses with a call under way", () => sources.activeAddresses());
  gauge("topdog_gateway_held_body_bytes", "Bytes of request bodies in memory", () => sources.bodyBytes());
  gauge("topdog_gateway_open_connections", "Connections of clients", () => sources.connections());
  gauge("topdog_gateway_opening_connections", "Connections without their first headers", () =>
    sources.openingConnections(),
  );
  gauge("topdog_gateway_ready_router_links", "Links to routers that take calls", () => sources.links().ready);
  gauge("topdog_gateway_silent_router_links", "Links to routers that do not answer", () => sources.links().ejected);
  gauge("topdog_gateway_down_router_links", "Routers that are not connected", () => sources.links().down);
  gauge("topdog_gateway_silent_siblings", "Instances of sibling services that do not answer", () =>
    sources.silentSiblings(),
  );
  gauge("topdog_gateway_known_principals", "Callers in the cache", () => sources.knownPrincipals());
  gauge("topdog_gateway_queued_usage_records", "Usage records waiting for the bus", () => sources.queuedUsage());
}
