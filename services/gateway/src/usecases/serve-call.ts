import type { IncomingMessage, ServerResponse } from "node:http";
import type { Operation } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import { readBody } from "@topdog/http-kit/read-body";
import { makeRequestId } from "@topdog/http-kit/request-id";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { startPublicSpan, unsampledTraceparent } from "@topdog/telemetry/tracing";
import { allowOrigin } from "./allow-origin.ts";
import { admitCall, type Admission } from "./admit-call.ts";
import { authenticate } from "./authenticate.ts";
import { refuse, toObject, type Call, type ServeCallDeps } from "./call.ts";
import { recordCall, type CallFacts } from "./call-log.ts";
import { forwardCall } from "./forward-call.ts";
import { quotaExceeded, rateLimitHeaders } from "./limit-views.ts";

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
    detail: undefined,
  };
  const call: Call = { req, res, path, facts, presence: { isGone: false }, onGone: null, heldBodyBytes: 0 };
  const { origin } = req.headers;
  if (origin !== undefined) allowOrigin(deps.cors, origin, res);
  deps.inFlight.count += 1;
  res.on("close", () => {
    deps.inFlight.count -= 1;
    deps.body.budget.give(call.heldBodyBytes);
    if (!res.writableFinished) {
      call.presence.isGone = true;
      if (facts.outcome === "failed" && facts.status === 0) facts.outcome = "client_closed";
      call.onGone?.();
    }
    recordCall(deps.metrics, deps.logger, facts, deps.monotonicMs());
    span?.setAttribute("http.response.status_code", facts.status);
    span?.end(facts.outcome === "failed" ? facts.detail : undefined);
  });
  run(deps, call).catch((error: unknown) => refuse(deps, call, error, "failed", {}));
}

async function run(deps: ServeCallDeps, call: Call): Promise<void> {
  const { req, facts } = call;
  if (deps.isDraining()) {
    return refuse(deps, call, new AppError("shutting_down", { retryAfterSeconds: 1 }), "draining", {});
  }
  if (deps.inFlight.count > deps.maxInFlight) {
    return refuse(deps, call, new AppError("overloaded", { retryAfterSeconds: 1 }), "overloaded", {});
  }
  try {
    const found = authenticate(deps.principals, req.headers);
    facts.caller = found instanceof Promise ? await found : found;
  } catch (error) {
    const isOurs = toAppError(error).status >= 500;
    return refuse(deps, call, error, isOurs ? "reduced_capacity" : "unauthenticated", {});
  }
  let body: Buffer | null = null;
  if (facts.operation.method === "POST") {
    try {
      body = await readBody(req, call.res, deps.body);
    } catch (error) {
      return refuse(deps, call, error, "bad_upload", {});
    }
    if (body === null) return;
    if (call.presence.isGone) return deps.body.budget.give(body.length);
    call.heldBodyBytes = body.length;
  }
  const uploadedMs = deps.monotonicMs();
  const decided = admitCall(deps.leases, facts.caller.principal, facts.operation.cost, call.presence);
  const admission = decided instanceof Promise ? await decided : decided;
  facts.admission = admission;
  const source = admission.outcome === "admitted" ? admission.source : "none";
  deps.metrics.admissions.inc({ source, outcome: admission.outcome }, 1);
  if (admission.outcome !== "admitted") return deny(deps, call, admission);
  facts.overheadMs = deps.monotonicMs() - uploadedMs;
  forwardCall(deps, call, { admission, caller: facts.caller, body });
}

function deny(deps: ServeCallDeps, call: Call, admission: Exclude<Admission, { outcome: "admitted" }>): void {
  if (admission.outcome === "client_gone") return;
  const { leases } = deps;
  const byok = call.facts.caller?.byokHeaders ?? [];
  const headers = toObject([...rateLimitHeaders(leases, admission.slots, null), ...byok]);
  if (admission.outcome === "exhausted") {
    refuse(deps, call, quotaExceeded(leases, admission.slots, headers), "quota_exceeded", {});
  } else {
    const error = new AppError("temporary_reduced_capacity", { retryAfterSeconds: 1 });
    refuse(deps, call, error, "reduced_capacity", headers);
  }
}
