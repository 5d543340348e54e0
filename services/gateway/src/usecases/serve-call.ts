import type { IncomingMessage, ServerResponse } from "node:http";
import type { KeyScope } from "@topdog/contracts/key-scopes";
import { isFree, type Operation } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import type { ErrorCode } from "@topdog/errors/registry";
import { makeRequestId } from "@topdog/http-kit/request-id";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { startPublicSpan, unsampledTraceparent } from "@topdog/telemetry/tracing";
import type { CallOutcome } from "../metrics.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import { allowOrigin } from "./allow-origin.ts";
import { admitCall, type Admission } from "./admit-call.ts";
import { refuse, toObject, type Call, type InFlight, type ServeCallDeps } from "./call.ts";
import { recordCall, type CallFacts } from "./call-log.ts";
import { enter, identify, leave, identifyAgain, takeBody } from "./front-door.ts";
import { forwardCall } from "./forward-call.ts";
import { serveFreeCall } from "./serve-free-call.ts";
import { takePermit } from "./take-permit.ts";
import { ceilingReached, quotaExceeded, rateLimitHeaders, uncheckedLimitHeaders } from "./limit-views.ts";

/**
 * One call of the LLM API: who calls, the whole body, its tokens, then the router's answer streamed back. Tokens are
 * taken only when the body is complete, so an upload that fails costs nothing.
 */
export function serveCall(
  deps: ServeCallDeps,
  operation: Operation,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const incoming = req.headers["traceparent"];
  const parent = typeof incoming === "string" ? incoming : undefined;
  const span = startPublicSpan(`gateway ${operation.endpoint}`, parent);
  const facts: CallFacts = {
    requestId: makeRequestId(),
    traceparent: span?.traceparent ?? unsampledTraceparent(parent),
    operation,
    startedMs: deps.monotonicMs(),
    status: 0,
    outcome: "failed",
    caller: null,
    admission: null,
    firstByteMs: null,
    overheadMs: null,
    report: null,
    detail: undefined,
  };
  const presence = { isGone: false };
  const call: Call = {
    req,
    res,
    path,
    number: 0,
    facts,
    presence,
    answer: null,
    visit: null,
    permitOf: null,
    hasSlot: false,
  };
  const { origin } = req.headers;
  if (origin !== undefined) allowOrigin(deps.cors, origin, res);
  res.on("close", () => {
    if (call.permitOf !== null) deps.permits.give(call.permitOf);
    if (call.hasSlot) deps.inFlight.count -= 1;
    if (call.visit !== null) leave(deps.door, call.visit);
    deps.inFlight.running.delete(call.number);
    if (!res.writableFinished) {
      presence.isGone = true;
      if (facts.outcome === "failed" && facts.status === 0) facts.outcome = "client_closed";
      call.answer?.clientGone();
    }
    recordCall(deps.metrics, deps.callLog, facts, deps.monotonicMs());
    span?.setAttribute("http.response.status_code", facts.status);
    span?.end(facts.outcome === "failed" ? facts.detail : undefined);
  });
  run(deps, call).catch((error: unknown) => refuse(deps, call, error, "failed", {}));
}

/** The time for running answers is over: each ends with the error event of its dialect, or with an error. */
export function interruptCalls({ running }: InFlight): void {
  for (const call of running.values()) call.answer?.interrupt();
}

/** A key needs one of these. */
const scopes: readonly KeyScope[] = ["llm"];

/** How the front door's refusals are counted; one that is not listed was for the body. */
const outcomeOfRefusal: Readonly<Partial<Record<ErrorCode, CallOutcome>>> = {
  shutting_down: "draining",
  missing_api_key: "unauthenticated",
  invalid_api_key: "unauthenticated",
  insufficient_scope: "forbidden",
  address_not_allowed: "forbidden",
  too_many_bad_keys: "too_many_bad_keys",
  too_many_calls: "too_many_calls",
  concurrent_requests_exceeded: "concurrency_exceeded",
  temporary_reduced_capacity: "reduced_capacity",
  overloaded: "overloaded",
  internal_error: "failed",
};

/** A body that ends routers must not end all of them. */
const timesAgain = 1;

async function run(deps: ServeCallDeps, call: Call): Promise<void> {
  let received: ReceivedCall | null;
  try {
    received = await receive(deps, call);
  } catch (error) {
    const outcome = outcomeOfRefusal[toAppError(error).code] ?? "bad_upload";
    return refuse(deps, call, error, outcome, limitsOfRefused(deps, call));
  }
  if (received === null || call.presence.isGone) return;
  const { caller, body } = received;
  const { facts } = call;
  const { cost } = facts.operation;
  if (isFree(cost)) return serveFreeCall(deps, call, caller, timesAgain);
  const uploadedMs = deps.monotonicMs();
  const decided = admitCall(deps.leases, caller.principal, cost, call.presence);
  const admission = decided instanceof Promise ? await decided : decided;
  facts.admission = admission;
  const source = admission.outcome === "admitted" ? admission.source : "none";
  deps.metrics.admissions.inc({ source, outcome: admission.outcome }, 1);
  if (admission.outcome !== "admitted") return deny(deps, call, admission);
  facts.overheadMs = deps.monotonicMs() - uploadedMs;
  forwardCall(deps, call, { admission, caller, body, againLeft: timesAgain });
}

interface ReceivedCall {
  readonly caller: KnownCaller;
  readonly body: Buffer | null;
}

/**
 * Through the front door: who calls, one of their concurrent requests, the whole body, and only then one of the process's slots. Null
 * when the client has gone.
 */
async function receive(deps: ServeCallDeps, call: Call): Promise<ReceivedCall | null> {
  const { door } = deps;
  const { req, facts } = call;
  const visit = (call.visit = enter(door, req));
  const found = identify(door, visit, req, scopes);
  let caller = (facts.caller = found instanceof Promise ? await found : found);
  let body: Buffer | null = null;
  if (facts.operation.method === "POST") {
    const permit = takePermit(deps, call, caller);
    if (permit instanceof Promise) await permit;
    if (call.presence.isGone) return null;
    body = await takeBody(door, visit, req, call.res, { maxBytes: deps.maxBodyBytes, unpacks: true });
    if (body === null) return null;
    const same = identifyAgain(door, visit, req, scopes, caller);
    caller = facts.caller = same instanceof Promise ? await same : same;
  }
  if (call.presence.isGone) return null;
  if (deps.inFlight.count >= deps.maxInFlight) {
    door.onRefused("calls_in_flight");
    throw new AppError("overloaded", { retryAfterSeconds: 1 });
  }
  deps.inFlight.count += 1;
  call.hasSlot = true;
  return { caller, body };
}

/** A caller who is refused at the front door is told their limits all the same, once they are known. */
function limitsOfRefused({ leases }: ServeCallDeps, { facts }: Call): Record<string, string> {
  const { caller, operation } = facts;
  if (caller === null) return {};
  return toObject([...uncheckedLimitHeaders(leases, caller.principal, operation.cost), ...caller.byokHeaders]);
}

function deny(deps: ServeCallDeps, call: Call, admission: Exclude<Admission, { outcome: "admitted" }>): void {
  if (admission.outcome === "client_gone") return;
  const { leases } = deps;
  const byok = call.facts.caller?.byokHeaders ?? [];
  const headers = toObject([...rateLimitHeaders(leases, admission.slots, null), ...byok]);
  if (admission.outcome === "exhausted") {
    refuse(deps, call, quotaExceeded(leases, admission.slots, headers), "quota_exceeded", {});
  } else if (admission.outcome === "ceiling_reached") {
    refuse(deps, call, ceilingReached(leases, admission.ceiling, headers), "ceiling_reached", {});
  } else {
    const error = new AppError("temporary_reduced_capacity", { retryAfterSeconds: 1 });
    refuse(deps, call, error, "reduced_capacity", headers);
  }
}
