import type { IncomingHttpHeaders } from "node:http";
import { principalHeaderName, signPrincipalHeader, unmeteredHeaderName } from "@topdog/contracts/principal-header";
import type { StreamFormat } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import type { KnownCaller } from "../store/known-callers.ts";
import { Relay, type CutReason, type RelayEnd, type RelayRequest } from "../clients/relay.ts";
import { undeliveredUsage } from "../domain/call.ts";
import type { Admission } from "./admit-call.ts";
import { rateLimitHeaders } from "./limit-views.ts";
import { refuse, toObject, type Call, type ServeCallDeps } from "./call.ts";

export interface Forwarding {
  readonly admission: Extract<Admission, { outcome: "admitted" }>;
  readonly caller: KnownCaller;
  readonly body: Buffer | null;
}

/** What a router's answer may say to the client; everything else of it stays inside. */
const passedHeaders = [
  "content-type",
  "content-length",
  "content-encoding",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  "x-topdog-provider",
  "x-topdog-model",
  "x-topdog-attempts",
  "x-topdog-overhead-ms",
] as const;

/** An answer is its caller's own, and never to be taken for anything but what its content type says. */
const everyAnswer = ["cache-control", "no-store", "x-content-type-options", "nosniff"] as const;

function answerHeaders(
  deps: ServeCallDeps,
  call: Call,
  { admission, caller }: Forwarding,
  upstream: IncomingHttpHeaders,
): string[] {
  const headers = ["x-request-id", call.facts.requestId, ...everyAnswer];
  for (const name of passedHeaders) {
    const value = upstream[name];
    if (typeof value === "string") headers.push(name, value);
  }
  headers.push(...rateLimitHeaders(deps.leases, admission.slots, admission.source), ...caller.byokHeaders);
  return headers;
}

function routerRequest(deps: ServeCallDeps, call: Call, { admission, caller, body }: Forwarding): RelayRequest {
  const { facts, req } = call;
  const { source, day, charges } = admission;
  const deadlineMs = Date.now() + deps.relay.limits.totalMs;
  const signed = signPrincipalHeader(
    { kind: "call", requestId: facts.requestId, principal: caller.principal, deadlineMs, source, day, charges },
    deps.principalSecret,
  );
  const headers = [
    principalHeaderName,
    signed,
    "x-request-id",
    facts.requestId,
    "traceparent",
    facts.traceparent,
    "accept",
    req.headers.accept ?? "*/*",
  ];
  if (body !== null) headers.push("content-type", req.headers["content-type"] ?? "application/json");
  return { method: facts.operation.method, path: call.path, headers, body };
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
  const relay = new Relay(deps.relay, routerRequest(deps, call, forwarding), res, {
    answerHeaders: (status, upstream) => {
      facts.status = status;
      facts.outcome = status < 400 ? "ok" : status < 500 ? "rejected" : "failed";
      if (upstream[unmeteredHeaderName] !== undefined) publishUndelivered(deps, call, forwarding, startedAt, "failed");
      facts.firstByteMs = deps.monotonicMs() - facts.startedMs;
      return answerHeaders(deps, call, forwarding, upstream);
    },
    cutEvent: (reason) => cutEvent(facts.operation.stream, reason),
    onEnd: (end) => finish(deps, call, forwarding, startedAt, end),
  });
  call.onGone = () => relay.clientGone();
  relay.start();
}

function finish(deps: ServeCallDeps, call: Call, forwarding: Forwarding, startedAt: Date, end: RelayEnd): void {
  const { facts } = call;
  if (end.kind === "complete") return;
  facts.detail = end.kind === "client_gone" ? undefined : end.reason;
  if (end.kind === "cut") {
    facts.outcome = end.reason === "client_stalled" ? "client_closed" : "cut";
    return;
  }
  if (end.kind === "client_gone") {
    facts.outcome = "client_closed";
    // A router that has the whole request sees the connection go and accounts for it.
    if (!end.sent) publishUndelivered(deps, call, forwarding, startedAt, "client_closed");
    return;
  }
  publishUndelivered(deps, call, forwarding, startedAt, "failed");
  const { admission, caller } = forwarding;
  const headers = toObject([
    ...rateLimitHeaders(deps.leases, admission.slots, admission.source),
    ...caller.byokHeaders,
  ]);
  const code = end.reason === "timeout" ? "upstream_timeout" : "router_unavailable";
  refuse(deps, call, new AppError(code, { retryAfterSeconds: 1, cause: end.cause }), "unanswered", headers);
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
