import type { Operation } from "@topdog/dialects/operation";
import type { CallReport } from "@topdog/call-link/call";
import type { Logger } from "@topdog/telemetry/logger";
import type { CallOutcome, GatewayMetrics, StatusClass } from "../metrics.ts";
import type { Admission } from "./admit-call.ts";
import type { KnownCaller } from "../store/known-callers.ts";

/** What is known of a hot call when it is over. */
export interface CallFacts {
  readonly requestId: string;
  readonly traceparent: string;
  readonly operation: Operation;
  readonly startedMs: number;
  status: number;
  outcome: CallOutcome;
  caller: KnownCaller | null;
  admission: Admission | null;
  firstByteMs: number | null;
  overheadMs: number | null;
  /** What the router says of the call; null until it ended there. */
  report: CallReport | null;
  detail: string | undefined;
}

const classOf = (status: number): StatusClass =>
  status === 0 ? "none" : status < 300 ? "2xx" : status < 500 ? "4xx" : "5xx";
const rounded = (ms: number | null): number | undefined => (ms === null ? undefined : Math.round(ms * 100) / 100);

/** Counts a finished call and writes its one log line. */
export function recordCall(metrics: GatewayMetrics, logger: Logger, facts: CallFacts, endedMs: number): void {
  const { operation, status, outcome, caller, admission, report } = facts;
  const route = operation.endpoint;
  metrics.requests.inc({ route, status_class: classOf(status), outcome }, 1);
  if (facts.firstByteMs !== null) metrics.firstByteSeconds.observe({ route }, facts.firstByteMs / 1000);
  if (facts.overheadMs !== null) metrics.overheadSeconds.observe({ route }, facts.overheadMs / 1000);
  const admitted = admission?.outcome === "admitted" ? admission : null;
  const charge = admitted?.charges[0];
  logger.info(
    {
      requestId: facts.requestId,
      traceId: facts.traceparent.slice(3, 35),
      route,
      status,
      outcome,
      durationMs: rounded(endedMs - facts.startedMs),
      firstByteMs: rounded(facts.firstByteMs),
      overheadMs: rounded(facts.overheadMs),
      keyId: caller?.principal.keyId,
      userId: caller?.principal.userId,
      orgId: caller?.principal.orgId ?? undefined,
      source: admitted?.source,
      usageId: charge === undefined ? undefined : `${charge.leaseId}:${charge.seq}`,
      provider: report?.provider ?? undefined,
      model: report?.model ?? undefined,
      promptTokens: report?.promptTokens,
      completionTokens: report?.completionTokens,
      costNanoUsd: report?.costNanoUsd,
      recorded: report?.recorded,
      detail: facts.detail,
    },
    "call",
  );
}
