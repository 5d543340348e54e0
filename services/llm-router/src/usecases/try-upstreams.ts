import { withModel } from "@topdog/dialects/edit-members";
import { segmentHeader, withoutHeader } from "@topdog/dialects/operation";
import type { AttemptFailure } from "../domain/attempt-failure.ts";
import { orderCandidates } from "../domain/candidate-order.ts";
import { type FailureRule, ruleOf } from "../domain/failure-table.ts";
import type { Offer } from "../domain/model-catalog.ts";
import { limitsFor } from "../domain/routing-policy.ts";
import type { Routes } from "./choose-routes.ts";
import type { AttemptOutcome, ProviderCall } from "../clients/providers/provider.ts";
import type { UpstreamRoute } from "../clients/upstream-route.ts";
import type { UpstreamCall } from "../clients/upstreams.ts";
import type { CallDeps, ModelCall } from "./call.ts";

type CredentialOwner = UpstreamRoute["credential"]["owner"];
type Success = Exclude<AttemptOutcome, { kind: "failure" | "uncarried" }>;

export type Tried =
  | {
      readonly ok: true;
      readonly outcome: Success;
      readonly upstreamCall: UpstreamCall;
      readonly offer: Offer;
      readonly credential: CredentialOwner;
      readonly attempts: number;
    }
  | {
      readonly ok: false;
      readonly failures: readonly [AttemptFailure, ...AttemptFailure[]];
      /** Whose credential the first failure is about. */
      readonly credential: CredentialOwner;
      readonly attempts: number;
    };

const inOrder = (deps: CallDeps, routes: readonly UpstreamRoute[]): readonly UpstreamRoute[] =>
  orderCandidates(
    routes.map((route) => ({ route, health: deps.upstreams.health(route) })),
    deps.nextTurn(),
  );

function providerCall(deps: CallDeps, call: ModelCall, { model }: Offer): ProviderCall {
  const { dialect, request, origin, deadlineMs } = call;
  const limits = limitsFor(deps.policy, model, deps.timeouts);
  return {
    format: dialect,
    request: withModel(request, model.id),
    requestId: origin.requestId,
    headers: withoutHeader(call.headers, segmentHeader),
    firstContentTimeoutMs: request.streamed ? limits.firstContentMs : limits.plainAnswerMs,
    interChunkTimeoutMs: limits.interChunkMs,
    totalTimeoutMs: deadlineMs - deps.nowMs(),
  };
}

function settle(
  deps: CallDeps,
  upstreamCall: UpstreamCall,
  { upstreamId }: Offer,
  outcome: Exclude<AttemptOutcome, { kind: "uncarried" }>,
  tookMs: number,
): void {
  const { observer } = deps;
  if (outcome.kind === "failure") {
    observer.attempt(upstreamId, outcome.failure.kind);
    upstreamCall.failedWith(outcome.failure);
    upstreamCall.end();
    return;
  }
  observer.attempt(upstreamId, outcome.kind === "refusal" ? "refused" : "ok");
  if (outcome.kind !== "stream") return upstreamCall.succeeded();
  observer.firstContent(upstreamId, tookMs);
  upstreamCall.contentAfter(tookMs);
}

const servedBy = ({ offer, credential }: UpstreamRoute) => ({ offer, credential: credential.owner });

/** What is left to try after a failure at this route. */
function leftAfter(
  rule: FailureRule,
  failed: UpstreamRoute,
  waiting: readonly UpstreamRoute[],
): readonly UpstreamRoute[] {
  if (rule.next === "end") return [];
  return waiting.filter(({ offer, credential }) =>
    rule.next === "provider" ? offer.upstreamId !== failed.offer.upstreamId : credential.id !== failed.credential.id,
  );
}

/**
 * Tries the routes in order until one has begun to answer. Nothing has been sent to the caller by then, so every
 * failure may fall back; the caller of this function ends a success.
 */
export async function tryUpstreams(deps: CallDeps, call: ModelCall, routes: Routes): Promise<Tried> {
  const all = [...routes.own, ...routes.resting, ...routes.platform];
  const tenantId = call.origin.orgId ?? call.origin.userId;
  const failures: AttemptFailure[] = [];
  // The caller's own credentials are tried in the order that they chose.
  let waiting: readonly UpstreamRoute[] = [...routes.own, ...inOrder(deps, routes.platform)];
  let attempts = 0;
  let uncarried: Tried | null = null;
  while (waiting.length > 0 && attempts < deps.maxAttempts) {
    const [route, ...others] = waiting as readonly [UpstreamRoute, ...UpstreamRoute[]];
    const attempt = providerCall(deps, call, route.offer);
    if (attempt.totalTimeoutMs <= 0) {
      failures.unshift({ kind: "deadline", retryAfterSeconds: null });
      break;
    }
    const upstreamCall = deps.upstreams.open(route, tenantId, attempt);
    if ("kind" in upstreamCall) {
      failures.push(upstreamCall);
      waiting = others;
      continue;
    }
    attempts += 1;
    const startedMs = performance.now();
    if (attempts === 1) deps.observer.firstAsked(startedMs - call.arrivedMs);
    call.answer.onGone(() => upstreamCall.abort());
    const outcome = await upstreamCall.outcome;
    if (outcome.kind === "uncarried") {
      attempts -= 1;
      upstreamCall.end();
      const refused = { kind: "refusal", status: 400, refusal: outcome.refusal } as const;
      uncarried ??= { ok: true, outcome: refused, upstreamCall, ...servedBy(route), attempts };
      waiting = others;
      continue;
    }
    settle(deps, upstreamCall, route.offer, outcome, performance.now() - startedMs);
    if (outcome.kind !== "failure") return { ok: true, outcome, upstreamCall, ...servedBy(route), attempts };
    failures.push(outcome.failure);
    const rule = ruleOf(outcome.failure.kind);
    waiting = leftAfter(rule, route, others);
    if (attempts === 1 && waiting.length === 0 && rule.againWhenAlone) waiting = [route];
  }
  // Nobody can be told the call: the first one's reason is the caller's.
  if (uncarried !== null && failures.length === 0) return uncarried;
  // All rest: none was tried.
  const [first = deps.upstreams.restOf(all), ...rest] = failures;
  const credential = all[0]?.credential.owner ?? "platform";
  return { ok: false, failures: [first, ...rest], credential, attempts };
}
