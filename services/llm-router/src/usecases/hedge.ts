import { setTimeout as startTimer } from "node:timers";
import type { AttemptFailure } from "../domain/attempt-failure.ts";
import { costNanoUsd, type Model } from "../domain/models.ts";
import { hedgeAfterMs } from "../domain/routing-policy.ts";
import type { AttemptOutcome } from "../clients/providers/provider.ts";
import type { UpstreamRoute } from "../clients/upstream-route.ts";
import type { UpstreamCall } from "../clients/upstreams.ts";
import { type CallDeps, type ModelCall, producedTokens } from "./call.ts";

/** A call that an upstream has been given. */
export interface RunningAttempt {
  readonly route: UpstreamRoute;
  readonly upstreamCall: UpstreamCall;
  readonly startedMs: number;
}

export interface DecidedAttempt extends RunningAttempt {
  readonly outcome: AttemptOutcome;
  readonly tookMs: number;
}

/** How an attempt ended that perhaps had a second one beside it. */
export interface Race {
  /** Who answered, or who failed last. */
  readonly last: DecidedAttempt;
  /** The other one, if it failed before. */
  readonly failed: DecidedAttempt | null;
  readonly second: UpstreamRoute | null;
}

async function decided(attempt: RunningAttempt): Promise<DecidedAttempt> {
  const outcome = await attempt.upstreamCall.outcome;
  return { ...attempt, outcome, tookMs: performance.now() - attempt.startedMs };
}

const answers = ({ outcome: { kind } }: DecidedAttempt): boolean => kind === "stream" || kind === "answer";

/** What the provider of a call that is broken off will ask for: at least the prompt. Null: not known. */
const brokenOffNanoUsd = (model: Model, call: ModelCall): number | null =>
  costNanoUsd(model, producedTokens(call.request, 1, 0));

/**
 * The route to ask beside a first one that is slow: the same model elsewhere, under the platform's credential, as the first one is. Nobody's own
 * credential is spent twice. Null where there is none, or where the cost of a second one is not known.
 */
export function hedgeRoute(
  { policy }: Pick<CallDeps, "policy">,
  call: ModelCall,
  first: UpstreamRoute,
  others: readonly UpstreamRoute[],
): { readonly route: UpstreamRoute; readonly afterMs: number } | null {
  const { offer, credential } = first;
  const afterMs = hedgeAfterMs(policy, offer.model);
  if (afterMs === null || !call.request.streamed || credential.owner !== "platform") return null;
  const route = others.find(
    (other) =>
      other.credential.owner === "platform" &&
      other.offer.upstreamId !== offer.upstreamId &&
      other.offer.model.id === offer.model.id &&
      brokenOffNanoUsd(other.offer.model, call) !== null,
  );
  return route === undefined || brokenOffNanoUsd(offer.model, call) === null ? null : { route, afterMs };
}

/** Resolves after the time, or with the attempt if that is decided before. */
async function inTime(attempt: Promise<DecidedAttempt>, afterMs: number): Promise<DecidedAttempt | null> {
  const late = Promise.withResolvers<null>();
  const timer = startTimer(() => late.resolve(null), afterMs);
  try {
    return await Promise.race([attempt, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for an attempt. One that has no content in time gets a second one beside it, within the budget; whoever brings content first
 * answers, and the other is broken off. Nothing of an answer has reached the caller by then, so nothing is ever spliced.
 */
export async function raceAttempts(
  deps: CallDeps,
  call: ModelCall,
  first: RunningAttempt,
  hedge: {
    readonly afterMs: number;
    readonly route: UpstreamRoute;
    readonly open: () => RunningAttempt | AttemptFailure;
  } | null,
): Promise<Race> {
  const running = decided(first);
  if (hedge === null) return { last: await running, failed: null, second: null };
  deps.hedges.called();
  const early = await inTime(running, hedge.afterMs);
  if (early !== null) return { last: early, failed: null, second: null };
  const second = openWithin(deps, call, first, hedge);
  if (second === null) return { last: await running, failed: null, second: null };
  call.answer.onGone(() => {
    first.upstreamCall.abort();
    second.upstreamCall.abort();
  });
  const beside = decided(second);
  const winner = await Promise.race([running, beside]);
  const isSecond = winner.route === second.route;
  // What the first one says of the request is the caller's to know; what the second one says was not asked for.
  const isFinal = answers(winner) || (winner.outcome.kind === "refusal" && !isSecond);
  if (!isFinal) {
    const last = await (isSecond ? running : beside);
    deps.observer.hedged(last.route === second.route && answers(last) ? "won" : "lost");
    return { last, failed: winner, second: second.route };
  }
  breakOff(deps, call, isSecond ? first : second);
  deps.observer.hedged(isSecond ? "won" : "lost");
  return { last: winner, failed: null, second: second.route };
}

/** A dearer second one may be broken off, or the first one: the budget pays for the dearer. */
function openWithin(
  deps: CallDeps,
  call: ModelCall,
  first: RunningAttempt,
  { route, open }: { readonly route: UpstreamRoute; readonly open: () => RunningAttempt | AttemptFailure },
): RunningAttempt | null {
  const costs = [first.route, route].map(({ offer }) => brokenOffNanoUsd(offer.model, call) ?? 0);
  if (!deps.hedges.take(Math.max(...costs))) {
    deps.observer.hedged("over_budget");
    return null;
  }
  const opened = open();
  return "kind" in opened ? null : opened;
}

/** Neutral for its breaker: it was slow, and no more is known. */
function breakOff(deps: CallDeps, call: ModelCall, { route, upstreamCall }: RunningAttempt): void {
  upstreamCall.abort();
  upstreamCall.end();
  deps.observer.attempt(route.offer.upstreamId, "aborted");
  deps.observer.hedgeCost(brokenOffNanoUsd(route.offer.model, call) ?? 0);
}
