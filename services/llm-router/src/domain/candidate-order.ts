import type { Offer } from "./model-catalog.ts";

export interface UpstreamHealth {
  /** "trial": its breaker lets one call through to find out; "resting": open, or asked to pause. */
  readonly state: "healthy" | "trial" | "resting";
  /** Smoothed time to the first content, milliseconds; null when not measured lately. */
  readonly firstContentMs: number | null;
}

export interface Candidate {
  readonly offer: Offer;
  readonly health: UpstreamHealth;
}

/** Upstreams whose latency differs by less share the calls. */
const similar = { factor: 1.3, marginMs: 30 };

const priceOf = ({ offer: { model } }: Candidate): number =>
  model.promptNanoUsdPerToken + model.completionNanoUsdPerToken;
const latencyOf = ({ health }: Candidate): number => health.firstContentMs ?? 0;

/**
 * The order in which upstreams are tried: one that awaits its trial first (else it would never recover; a failed trial
 * falls back), then healthy ones by price and latency; equals take turns by `turn`. Resting ones are left out.
 */
export function orderCandidates(candidates: readonly Candidate[], turn: number): readonly Offer[] {
  if (candidates.length === 1 && candidates[0]!.health.state !== "resting") return [candidates[0]!.offer];
  const trials = candidates.filter(({ health }) => health.state === "trial");
  const healthy = candidates
    .filter(({ health }) => health.state === "healthy")
    .toSorted((a, b) => priceOf(a) - priceOf(b) || latencyOf(a) - latencyOf(b));
  const [best] = healthy;
  if (best === undefined) return trials.map(({ offer }) => offer);
  const limitMs = latencyOf(best) * similar.factor + similar.marginMs;
  const isEqual = (one: Candidate): boolean => priceOf(one) === priceOf(best) && latencyOf(one) <= limitMs;
  const equals = healthy.filter(isEqual);
  const first = turn % equals.length;
  const rotated = [...equals.slice(first), ...equals.slice(0, first)];
  const rest = healthy.filter((one) => !isEqual(one));
  return [...trials, ...rotated, ...rest].map(({ offer }) => offer);
}
