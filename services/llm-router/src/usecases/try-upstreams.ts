import type { AttemptFailure } from "../domain/attempt-failure.ts";
import { orderCandidates } from "../domain/candidate-order.ts";
import type { Offer } from "../domain/model-catalog.ts";
import type { AttemptOutcome, ProviderCall } from "../clients/providers/provider.ts";
import type { UpstreamCall } from "../clients/upstreams.ts";
import type { CallDeps, ModelCall } from "./call.ts";

type Success = Exclude<AttemptOutcome, { kind: "failure" }>;

export type Tried =
  | {
      readonly ok: true;
      readonly outcome: Success;
      readonly upstreamCall: UpstreamCall;
      readonly offer: Offer;
      readonly attempts: number;
    }
  | {
      readonly ok: false;
      readonly failures: readonly [AttemptFailure, ...AttemptFailure[]];
      readonly attempts: number;
    };

function candidates(deps: CallDeps, offers: readonly Offer[]): readonly Offer[] {
  const healthOf = (offer: Offer) => deps.upstreams.health(offer.upstreamId, offer.model.family);
  return orderCandidates(
    offers.map((offer) => ({ offer, health: healthOf(offer) })),
    deps.nextTurn(),
  );
}

function providerCall(deps: CallDeps, { dialect, request, origin, deadlineMs }: ModelCall): ProviderCall {
  const { timeouts } = deps;
  return {
    dialect,
    request,
    requestId: origin.requestId,
    firstContentTimeoutMs: request.streamed ? timeouts.firstContentMs : timeouts.plainAnswerMs,
    interChunkTimeoutMs: timeouts.interChunkMs,
    totalTimeoutMs: deadlineMs - deps.nowMs(),
  };
}

function settle(
  deps: CallDeps,
  upstreamCall: UpstreamCall,
  offer: Offer,
  outcome: AttemptOutcome,
  tookMs: number,
): void {
  const { observer } = deps;
  if (outcome.kind === "failure") {
    observer.attempt(offer.upstreamId, outcome.failure.kind);
    upstreamCall.failedWith(outcome.failure);
    upstreamCall.end();
    return;
  }
  observer.attempt(offer.upstreamId, outcome.kind === "refusal" ? "refused" : "ok");
  if (outcome.kind !== "stream") return upstreamCall.succeeded();
  observer.firstContent(offer.upstreamId, tookMs);
  upstreamCall.contentAfter(tookMs);
}

/** No upstream can help a caller that is gone or out of time. */
const isFinal = ({ kind }: AttemptFailure): boolean => kind === "aborted" || kind === "deadline";

/**
 * Tries the upstreams in order until one has begun to answer. Nothing has been sent to the caller by then, so every
 * failure may fall back; the caller of this function ends a success.
 */
export async function tryUpstreams(deps: CallDeps, call: ModelCall, offers: readonly Offer[]): Promise<Tried> {
  const queue = [...candidates(deps, offers)];
  const failures: AttemptFailure[] = [];
  let attempts = 0;
  for (const offer of queue) {
    if (attempts >= deps.maxAttempts) break;
    const attempt = providerCall(deps, call);
    if (attempt.totalTimeoutMs <= 0) {
      failures.unshift({ kind: "deadline", retryAfterSeconds: null });
      break;
    }
    const upstreamCall = deps.upstreams.open(offer.upstreamId, offer.model.family, attempt);
    if ("kind" in upstreamCall) {
      failures.push(upstreamCall);
      continue;
    }
    attempts += 1;
    const startedMs = performance.now();
    call.answer.onGone(() => upstreamCall.abort());
    const outcome = await upstreamCall.outcome;
    settle(deps, upstreamCall, offer, outcome, performance.now() - startedMs);
    if (outcome.kind !== "failure") return { ok: true, outcome, upstreamCall, offer, attempts };
    failures.push(outcome.failure);
    if (isFinal(outcome.failure)) break;
    // A kept connection may have been closed by the server meanwhile: alone in the pool, it gets one more try.
    if (outcome.failure.kind === "connect" && queue.length === 1) queue.push(offer);
  }
  const [first = restOf(deps, offers), ...others] = failures;
  return { ok: false, failures: [first, ...others], attempts };
}

/** All rest: none was tried. */
function restOf(deps: CallDeps, offers: readonly Offer[]): AttemptFailure {
  const family = offers[0]!.model.family;
  return deps.upstreams.restOf(
    offers.map(({ upstreamId }) => upstreamId),
    family,
  );
}
