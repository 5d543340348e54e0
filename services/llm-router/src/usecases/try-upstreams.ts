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
import { type DecidedAttempt, hedgeRoute, raceAttempts, type RunningAttempt } from "./hedge.ts";

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
    totalTimeoutMs: Math.min(deadlineMs - deps.nowMs(), limits.totalMs ?? Number.POSITIVE_INFINITY),
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

/** What tells of the tries of one call until now. */
interface Progress {
  readonly failures: AttemptFailure[];
  waiting: readonly UpstreamRoute[];
  attempts: number;
  uncarried: Tried | null;
}

/** Why, for a route that takes no call now. */
function begin(
  deps: CallDeps,
  call: ModelCall,
  route: UpstreamRoute,
  progress: Progress,
): RunningAttempt | AttemptFailure {
  const tenantId = call.origin.orgId ?? call.origin.userId;
  const upstreamCall = deps.upstreams.open(route, tenantId, providerCall(deps, call, route.offer));
  if ("kind" in upstreamCall) return upstreamCall;
  progress.attempts += 1;
  return { route, upstreamCall, startedMs: performance.now() };
}

/** Null: somebody else must be asked, as far as there is anybody. */
function judge(
  deps: CallDeps,
  { route, upstreamCall, outcome, tookMs }: DecidedAttempt,
  progress: Progress,
): Tried | null {
  if (outcome.kind === "uncarried") {
    progress.attempts -= 1;
    upstreamCall.end();
    const refused = { kind: "refusal", status: 400, refusal: outcome.refusal } as const;
    progress.uncarried ??= {
      ok: true,
      outcome: refused,
      upstreamCall,
      ...servedBy(route),
      attempts: progress.attempts,
    };
    return null;
  }
  settle(deps, upstreamCall, route.offer, outcome, tookMs);
  if (outcome.kind !== "failure") {
    return { ok: true, outcome, upstreamCall, ...servedBy(route), attempts: progress.attempts };
  }
  progress.failures.push(outcome.failure);
  progress.waiting = leftAfter(ruleOf(outcome.failure.kind), route, progress.waiting);
  return null;
}

/** One attempt, perhaps with a second one beside it. */
async function attempt(
  deps: CallDeps,
  call: ModelCall,
  route: UpstreamRoute,
  progress: Progress,
): Promise<Tried | null> {
  const first = begin(deps, call, route, progress);
  if ("kind" in first) {
    progress.failures.push(first);
    return null;
  }
  if (progress.attempts === 1) deps.observer.firstAsked(first.startedMs - call.arrivedMs);
  call.answer.onGone(() => first.upstreamCall.abort());
  const mayHedge = progress.attempts < deps.maxAttempts;
  const hedge = mayHedge ? hedgeRoute(deps, call, route, progress.waiting) : null;
  const { last, failed, second } = await raceAttempts(
    deps,
    call,
    first,
    hedge === null ? null : { ...hedge, open: () => begin(deps, call, hedge.route, progress) },
  );
  if (second !== null) progress.waiting = progress.waiting.filter((one) => one !== second);
  // A second one that refuses what the first one was given says nothing.
  const unasked = failed === null ? null : judge(deps, failed, progress);
  if (unasked?.ok === true) unasked.upstreamCall.end();
  const tried = judge(deps, last, progress);
  if (tried !== null || last.outcome.kind !== "failure") return tried;
  const { againWhenAlone } = ruleOf(last.outcome.failure.kind);
  if (progress.attempts === 1 && progress.waiting.length === 0 && againWhenAlone) progress.waiting = [route];
  return null;
}

/**
 * Tries the routes in order until one has begun to answer. Nothing has been sent to the caller by then, so every
 * failure may fall back; the caller of this function ends a success.
 */
export async function tryUpstreams(deps: CallDeps, call: ModelCall, routes: Routes): Promise<Tried> {
  const all = [...routes.own, ...routes.resting, ...routes.platform];
  const progress: Progress = {
    failures: [],
    // The caller's own credentials are tried in the order that they chose.
    waiting: [...routes.own, ...inOrder(deps, routes.platform)],
    attempts: 0,
    uncarried: null,
  };
  while (progress.waiting.length > 0 && progress.attempts < deps.maxAttempts) {
    const [route, ...others] = progress.waiting as readonly [UpstreamRoute, ...UpstreamRoute[]];
    if (call.deadlineMs <= deps.nowMs()) {
      progress.failures.unshift({ kind: "deadline", retryAfterSeconds: null });
      break;
    }
    progress.waiting = others;
    const tried = await attempt(deps, call, route, progress);
    if (tried !== null) return tried;
  }
  const { failures, uncarried, attempts } = progress;
  // Nobody can be told the call: the first one's reason is the caller's.
  if (uncarried !== null && failures.length === 0) return uncarried;
  // All rest: none was tried.
  const [first = deps.upstreams.restOf(all), ...rest] = failures;
  const credential = all[0]?.credential.owner ?? "platform";
  return { ok: false, failures: [first, ...rest], credential, attempts };
}
