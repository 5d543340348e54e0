import { servedHeaderNames } from "@topdog/contracts/served-headers";
import { noBody, type AnswerHead, type OpenedCall } from "@topdog/call-link/call";
import { isFree, platformHeaders, segmentHeader, type StreamFormat } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import type { ErrorCode } from "@topdog/errors/registry";
import type { CutReason, RelayEnd, UnansweredReason } from "../clients/answer-relay.ts";
import { LinkRelay, type Settlement } from "../clients/link-relay.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import { undeliveredUsage } from "../domain/call.ts";
import { admitCall, type Admission } from "./admit-call.ts";
import { rateLimitHeaders } from "./limit-views.ts";
import { refuse, toObject, type Call, type ServeCallDeps } from "./call.ts";

export interface Forwarding {
  readonly admission: Extract<Admission, { outcome: "admitted" }>;
  readonly caller: KnownCaller;
  readonly body: Buffer | null;
  /** Routers may still be asked so often after one that was lost. */
  readonly againLeft: number;
  /** Of a free call: the headers of its own limit, in place of those of the day's. */
  readonly limits?: readonly string[];
}

/** Headers of a router's answer that reach the client; all others are dropped. */
const passedHeaders: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  ...servedHeaderNames,
]);

/** An answer is for its caller alone, so never cached; and its content type is not to be guessed. */
const everyAnswer = ["cache-control", "no-store", "x-content-type-options", "nosniff"] as const;

function answerHeaders(deps: ServeCallDeps, call: Call, forwarding: Forwarding, upstream: readonly string[]): string[] {
  const { requestId, operation } = call.facts;
  const headers = ["x-request-id", requestId, ...everyAnswer];
  if (operation.errors.requestIdHeader !== null) headers.push(operation.errors.requestIdHeader, requestId);
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    const name = upstream[index] as string;
    if (passedHeaders.has(name)) headers.push(name, upstream[index + 1] as string);
  }
  headers.push(...limitsOf(deps, forwarding), ...forwarding.caller.byokHeaders);
  return headers;
}

const limitsOf = ({ leases }: ServeCallDeps, { admission, limits }: Forwarding): readonly string[] =>
  limits ?? rateLimitHeaders(leases, admission.slots, admission.source);

const maxPassedBytes = 1024;

/** What the caller tells the router and the provider beside the body, as far as the dialect lets it. */
function passedRequestHeaders({ req, facts }: Call): readonly string[] {
  const { operation } = facts;
  const passed: string[] = [];
  const pass = (name: string): void => {
    const value = req.headers[name];
    if (typeof value === "string" && value.length <= maxPassedBytes) passed.push(name, value);
  };
  for (const name of operation.passedHeaders) pass(name);
  pass(segmentHeader);
  if (operation.method === "POST") for (const name of platformHeaders) pass(name);
  return passed;
}

function openedCall(deps: ServeCallDeps, call: Call, { admission, caller, body }: Forwarding): OpenedCall {
  const { requestId, traceparent, operation } = call.facts;
  const { source, day, charges } = admission;
  return {
    requestId,
    traceparent,
    endpoint: operation.endpoint,
    path: call.path,
    headers: passedRequestHeaders(call),
    timeoutMs: deps.relay.limits.totalMs,
    source,
    day,
    charges,
    principal: caller.principal,
    body: body ?? noBody,
  };
}

const cutCodes: Readonly<Partial<Record<CutReason, ErrorCode>>> = {
  upstream_error: "router_unavailable",
  draining: "shutting_down",
};

/** The event that ends a stream which broke. */
function cutEvent(stream: StreamFormat | null, reason: CutReason): string | null {
  if (stream === null) return null;
  const code = cutCodes[reason] ?? "upstream_timeout";
  return stream.errorEvent(new AppError(code, { detail: "The answer broke off before its end." }));
}

/**
 * Hands an admitted call to a router. A router that took it owns the usage record; where none did, this publishes it. One that is
 * lost before a byte of its answer is not the end of the call.
 */
export function forwardCall(deps: ServeCallDeps, call: Call, forwarding: Forwarding): void {
  const { facts, res } = call;
  const startedAt = new Date();
  call.answer = new LinkRelay(deps.relay, openedCall(deps, call, forwarding), res, {
    onHead(head: AnswerHead) {
      const { status } = head;
      facts.status = status;
      facts.outcome = status < 400 ? "ok" : status < 500 ? "rejected" : "failed";
      facts.firstByteMs = deps.monotonicMs() - facts.startedMs;
      return answerHeaders(deps, call, forwarding, head.headers);
    },
    cutEvent: (reason) => cutEvent(facts.operation.stream, reason),
    onSettled: (settled) => settle(deps, call, forwarding, startedAt, settled),
    onEnd: (end) => finish(deps, call, forwarding, end),
  });
  const { inFlight } = deps;
  call.number = inFlight.lastNumber += 1;
  inFlight.running.set(call.number, call);
}

function settle(
  deps: ServeCallDeps,
  call: Call,
  forwarding: Forwarding,
  startedAt: Date,
  { isAccountedFor, report }: Settlement,
): void {
  call.facts.report = report;
  if (report !== null) {
    deps.metrics.tokens.inc({ kind: "prompt" }, report.promptTokens);
    deps.metrics.tokens.inc({ kind: "completion" }, report.completionTokens);
  }
  if (isAccountedFor || forwarding.admission.charges.length === 0) return;
  publishUndelivered(deps, call, forwarding, startedAt, call.presence.isGone ? "client_closed" : "failed");
}

const unansweredCodes: Readonly<Record<UnansweredReason, ErrorCode>> = {
  unreachable: "router_unavailable",
  refused: "router_unavailable",
  reset: "router_unavailable",
  too_large: "payload_too_large",
  timeout: "upstream_timeout",
  draining: "shutting_down",
};

type Unanswered = Extract<RelayEnd, { kind: "unanswered" }>;

function finish(deps: ServeCallDeps, call: Call, forwarding: Forwarding, end: RelayEnd): void {
  const { facts } = call;
  if (end.kind === "complete") return;
  facts.detail = end.kind === "client_gone" ? undefined : end.reason;
  if (end.kind === "client_gone") {
    facts.outcome = "client_closed";
    return;
  }
  if (end.kind === "cut") {
    facts.outcome = end.reason === "client_stalled" ? "client_closed" : "cut";
    return;
  }
  if (end.reason === "reset" && forwarding.againLeft > 0 && !call.presence.isGone)
    return void forwardAgain(deps, call, forwarding, end).catch((error: unknown) =>
      refuse(deps, call, error, "failed", {}),
    );
  refuseUnanswered(deps, call, forwarding, end);
}

function refuseUnanswered(deps: ServeCallDeps, call: Call, forwarding: Forwarding, end: Unanswered): void {
  const headers = toObject([...limitsOf(deps, forwarding), ...forwarding.caller.byokHeaders]);
  const error = new AppError(unansweredCodes[end.reason], { retryAfterSeconds: 1, cause: end.cause });
  refuse(deps, call, error, "unanswered", headers);
}

/**
 * Asks another router, the first being lost without a byte of an answer. Nobody knows what that one did, and its record of the
 * call may still come: so the call is charged anew, and the charge before has been given back.
 */
async function forwardAgain(deps: ServeCallDeps, call: Call, forwarding: Forwarding, end: Unanswered): Promise<void> {
  const { facts } = call;
  const { caller, againLeft } = forwarding;
  const { cost } = facts.operation;
  const admission = isFree(cost)
    ? forwarding.admission
    : await admitCall(deps.leases, caller.principal, cost, call.presence);
  if (admission.outcome !== "admitted") return refuseUnanswered(deps, call, forwarding, end);
  facts.admission = admission;
  facts.detail = undefined;
  deps.metrics.movedCalls.inc({ reason: "lost" }, 1);
  forwardCall(deps, call, { ...forwarding, admission, againLeft: againLeft - 1 });
}

function publishUndelivered(
  deps: ServeCallDeps,
  call: Call,
  { admission, caller }: Forwarding,
  startedAt: Date,
  outcome: "failed" | "client_closed",
): void {
  const { requestId, operation, traceparent } = call.facts;
  const { charges, source, day } = admission;
  const { principal } = caller;
  const { endpoint } = operation;
  const undelivered = {
    requestId,
    principal,
    endpoint,
    charges,
    source,
    day,
    traceparent,
    startedAt,
    finishedAt: new Date(),
    attempts: 0,
  };
  deps.usage.publish(undeliveredUsage(undelivered, outcome));
}
