import type { AttemptFailure } from "../domain/attempt-failure.ts";
import { orderCandidates } from "../domain/candidate-order.ts";
import type { ChatRequest } from "../domain/chat-request.ts";
import type { Offer } from "../domain/model-catalog.ts";
import type { AttemptOutcome, ProviderRequest } from "../clients/providers/provider.ts";
import type { Lease } from "../clients/upstreams.ts";
import type { ChatCall, ChatDeps } from "./chat-call.ts";

type Success = Exclude<AttemptOutcome, { kind: "failure" }>;

export type Tried =
  | {
      readonly ok: true;
      readonly outcome: Success;
      readonly lease: Lease;
      readonly offer: Offer;
      readonly attempts: number;
    }
  | { readonly ok: false; readonly failures: readonly AttemptFailure[]; readonly attempts: number };

function candidates(deps: ChatDeps, offers: readonly Offer[]): readonly Offer[] {
  const healthOf = (offer: Offer) => deps.upstreams.health(offer.upstreamId, offer.model.family);
  return orderCandidates(
    offers.map((offer) => ({ offer, health: healthOf(offer) })),
    deps.nextTurn(),
  );
}

function providerRequest(deps: ChatDeps, call: ChatCall, request: ChatRequest): ProviderRequest {
  const { timeouts } = deps;
  return {
    body: request.body,
    streamed: request.streamed,
    wantsUsage: request.wantsUsage,
    requestId: call.facts.requestId,
    firstContentTimeoutMs: request.streamed ? timeouts.firstContentMs : timeouts.plainAnswerMs,
    interChunkTimeoutMs: timeouts.interChunkMs,
    totalTimeoutMs: call.deadlineMs - deps.nowMs(),
  };
}

function settle(deps: ChatDeps, lease: Lease, offer: Offer, outcome: AttemptOutcome, tookMs: number): void {
  const { observer } = deps;
  if (outcome.kind === "failure") {
    observer.attempt(offer.upstreamId, outcome.failure.kind);
    lease.failedWith(outcome.failure);
    lease.end();
    return;
  }
  observer.attempt(offer.upstreamId, outcome.kind === "refusal" ? "refused" : "ok");
  if (outcome.kind !== "stream") return lease.succeeded();
  observer.firstContent(offer.upstreamId, tookMs);
  lease.contentAfter(tookMs);
}

/** No upstream can help a caller that is gone or out of time. */
const isFinal = ({ kind }: AttemptFailure): boolean => kind === "aborted" || kind === "deadline";

/**
 * Tries the upstreams in order until one has begun to answer. Nothing has been sent to the caller by then, so every
 * failure may fall back; the lease of a success is the caller's to end.
 */
export async function tryUpstreams(
  deps: ChatDeps,
  call: ChatCall,
  request: ChatRequest,
  offers: readonly Offer[],
): Promise<Tried> {
  const queue = [...candidates(deps, offers)];
  const failures: AttemptFailure[] = [];
  let attempts = 0;
  for (const offer of queue) {
    if (attempts >= deps.maxAttempts) break;
    const upstreamRequest = providerRequest(deps, call, request);
    if (upstreamRequest.totalTimeoutMs <= 0) {
      failures.unshift({ kind: "deadline", retryAfterSeconds: null });
      break;
    }
    const lease = deps.upstreams.open(offer.upstreamId, offer.model.family, upstreamRequest);
    if ("kind" in lease) {
      failures.push(lease);
      continue;
    }
    attempts += 1;
    const startedMs = performance.now();
    call.answer.onGone(() => lease.call.abort());
    const outcome = await lease.call.outcome;
    settle(deps, lease, offer, outcome, performance.now() - startedMs);
    if (outcome.kind !== "failure") return { ok: true, outcome, lease, offer, attempts };
    failures.push(outcome.failure);
    if (isFinal(outcome.failure)) break;
    // A kept connection may have been closed by the server meanwhile: alone in the pool, it gets one more try.
    if (outcome.failure.kind === "connect" && queue.length === 1) queue.push(offer);
  }
  if (queue.length === 0) failures.push(restingFailure(deps, offers));
  return { ok: false, failures, attempts };
}

function restingFailure(deps: ChatDeps, offers: readonly Offer[]): AttemptFailure {
  const family = offers[0]!.model.family;
  const ids = offers.map(({ upstreamId }) => upstreamId);
  return { kind: "unavailable", retryAfterSeconds: deps.upstreams.restSeconds(ids, family) };
}
