import type { Operation } from "@topdog/dialects/operation";
import type { CallReport } from "@topdog/call-link/call";
import type { LineLog } from "@topdog/telemetry/line-log";
import type { CallOutcome, GatewayMetrics } from "../metrics.ts";
import type { Admission } from "./admit-call.ts";
import type { KnownCaller } from "../store/known-callers.ts";

/** What is known about a call of the LLM API when it is over. */
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
  /** The router's report of the call; null until it has ended there. */
  report: CallReport | null;
  detail: string | undefined;
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

/** Counts a finished call and writes its one log line. */
export function recordCall(metrics: GatewayMetrics, log: LineLog, facts: CallFacts, endedMs: number): void {
  const { operation, outcome } = facts;
  const route = operation.endpoint;
  metrics.requests.inc({ route, outcome }, 1);
  if (facts.firstByteMs !== null) metrics.firstByteSeconds.observe({ route }, facts.firstByteMs / 1000);
  if (facts.overheadMs !== null) metrics.overheadSeconds.observe({ route }, facts.overheadMs / 1000);
  log(membersOf(facts, rounded(endedMs - facts.startedMs)));
}

/** JSON text. Nothing in it needs an escape but the names that configuration gives to models and providers. */
function membersOf(facts: CallFacts, durationMs: number): string {
  const { requestId, traceparent, operation, status, outcome, caller, admission, report } = facts;
  let members = `"requestId":"${requestId}","traceId":"${traceparent.slice(3, 35)}","route":"${operation.endpoint}"`;
  members += `,"status":${status},"outcome":"${outcome}","durationMs":${durationMs}`;
  if (facts.firstByteMs !== null) members += `,"firstByteMs":${rounded(facts.firstByteMs)}`;
  if (facts.overheadMs !== null) members += `,"overheadMs":${rounded(facts.overheadMs)}`;
  if (caller !== null) members += `,${caller.logMembers}`;
  if (admission?.outcome === "admitted") {
    members += `,"source":"${admission.source}"`;
    const charge = admission.charges[0];
    if (charge !== undefined) members += `,"usageId":"${charge.leaseId}:${charge.seq}"`;
  }
  if (report !== null) members += `,${reportMembers(report)}`;
  return facts.detail === undefined ? members : `${members},"detail":"${facts.detail}"`;
}

function reportMembers({ provider, model, ...report }: CallReport): string {
  const names = `${provider === null ? "" : `"provider":${JSON.stringify(provider)},`}${model === null ? "" : `"model":${JSON.stringify(model)},`}`;
  const tokens = `"promptTokens":${report.promptTokens},"completionTokens":${report.completionTokens}`;
  return `${names}${tokens},"costNanoUsd":${report.costNanoUsd},"recorded":${report.recorded}`;
}
