import { servedHeaderNames } from "@topdog/contracts/served-headers";
import { noBody, type AnswerHead, type OpenedCall } from "@topdog/call-link/call";
import { platformHeaders, segmentHeader, type StreamFormat } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import type { ErrorCode } from "@topdog/errors/registry";
import type { CutReason, RelayEnd, UnansweredReason } from "../clients/answer-relay.ts";
import { LinkRelay, type Settlement } from "../clients/link-relay.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import { undeliveredUsage } from "../domain/call.ts";
import type { Admission } from "./admit-call.ts";
import { rateLimitHeaders } from "./limit-views.ts";
import { refuse, toObject, type Call, type ServeCallDeps } from "./call.ts";

export interface Forwarding {
  readonly admission: Extract<Admission, { outcome: "admitted" }>;
  readonly caller: KnownCaller;
  readonly body: Buffer | null;
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

function answerHeaders(
  deps: ServeCallDeps,
  call: Call,
  { admission, caller }: Forwarding,
  upstream: readonly string[],
): string[] {
  const headers = ["x-request-id", call.facts.requestId, ...everyAnswer];
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    const name = upstream[index] as string;
    if (passedHeaders.has(name)) headers.push(name, upstream[index + 1] as string);
  }
  headers.push(...rateLimitHeaders(deps.leases, admission.slots, admission.source), ...caller.byokHeaders);
  return headers;
}

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

/** The event that ends a stream which broke. */
function cutEvent(stream: StreamFormat | null, reason: CutReason): string | null {
  if (stream === null) return null;
  const code = reason === "upstream_error" ? "router_unavailable" : "upstream_timeout";
  return stream.errorEvent(new AppError(code, { detail: "The answer broke off before its end." }));
}

/** Hands an admitted call to a router. A router that took it owns the usage record; where none did, this publishes it. */
export function forwardCall(deps: ServeCallDeps, call: Call, forwarding: Forwarding): void {
  const { facts, res } = call;
  const startedAt = new Date();
  const relay = new LinkRelay(deps.relay, openedCall(deps, call, forwarding), res, {
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
  call.onGone = () => relay.clientGone();
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
  if (isAccountedFor) return;
  publishUndelivered(deps, call, forwarding, startedAt, call.presence.isGone ? "client_closed" : "failed");
}

const unansweredCodes: Readonly<Record<UnansweredReason, ErrorCode>> = {
  unreachable: "router_unavailable",
  refused: "router_unavailable",
  reset: "router_unavailable",
  too_large: "payload_too_large",
  timeout: "upstream_timeout",
};

function finish(deps: ServeCallDeps, call: Call, { admission, caller }: Forwarding, end: RelayEnd): void {
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
  const headers = toObject([
    ...rateLimitHeaders(deps.leases, admission.slots, admission.source),
    ...caller.byokHeaders,
  ]);
  const error = new AppError(unansweredCodes[end.reason], { retryAfterSeconds: 1, cause: end.cause });
  refuse(deps, call, error, "unanswered", headers);
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
