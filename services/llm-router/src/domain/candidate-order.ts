import type { Offer } from "./model-catalog.ts";
import { rankingPrice } from "./models.ts";

export interface RouteHealth {
  /**
   * "ramping": its breaker closed not long ago, and this call is not in its share yet; "resting": its breaker is open, or its
   * credential was asked to pause.
   */
  readonly state: "healthy" | "ramping" | "resting";
  /** Smoothed time to the first content, milliseconds; null when not measured lately. */
  readonly firstContentMs: number | null;
}

export interface Candidate<R extends { readonly offer: Offer }> {
  readonly route: R;
  readonly health: RouteHealth;
}

/** Upstreams whose latency differs by less share the calls. */
const similar = { factor: 1.3, marginMs: 30 };

const priceOf = ({ route: { offer } }: Candidate<{ readonly offer: Offer }>): number => rankingPrice(offer.model);
const foreignOf = ({ route: { offer } }: Candidate<{ readonly offer: Offer }>): number => (offer.native ? 0 : 1);
const latencyOf = ({ health }: Pick<Candidate<never>, "health">): number => health.firstContentMs ?? 0;

type Offered = Candidate<{ readonly offer: Offer }>;
const rankOf = ({ route: { offer } }: Offered): number => offer.rank;
const weightOf = ({ route: { offer } }: Offered): number => offer.weight ?? 1;
const hasWeight = ({ route: { offer } }: Offered): boolean => offer.weight !== null;

/** By turns, each as often as its weight says; the others follow in order. One without weight is never the first. */
function inTurn<C extends Offered>(equals: readonly C[], turn: number): readonly C[] {
  const total = equals.reduce((sum, one) => sum + weightOf(one), 0);
  if (total === 0) return equals;
  let left = turn % total;
  const first = equals.findIndex((one) => (left -= weightOf(one)) < 0);
  return [...equals.slice(first), ...equals.slice(0, first)];
}

/**
 * The order in which routes are tried: healthy ones, first those of the name's first model, then those that an operator gave a share, then
 * those that speak the caller's dialect, by price and latency; at last those that are ramping. Equals take turns by `turn`. Resting ones
 * are left out.
 */
export function orderCandidates<R extends { readonly offer: Offer }>(
  candidates: readonly Candidate<R>[],
  turn: number,
): readonly R[] {
  if (candidates.length === 1 && candidates[0]!.health.state !== "resting") return [candidates[0]!.route];
  const ramping = candidates.filter(({ health }) => health.state === "ramping");
  const healthy = candidates
    .filter(({ health }) => health.state === "healthy")
    .toSorted(
      (a, b) =>
        rankOf(a) - rankOf(b) ||
        Number(hasWeight(b)) - Number(hasWeight(a)) ||
        (hasWeight(a) ? weightOf(b) - weightOf(a) : 0) ||
        foreignOf(a) - foreignOf(b) ||
        priceOf(a) - priceOf(b) ||
        latencyOf(a) - latencyOf(b),
    );
  const [best] = healthy;
  if (best === undefined) return ramping.map(({ route }) => route);
  const limitMs = latencyOf(best) * similar.factor + similar.marginMs;
  const isEqual = (one: Candidate<R>): boolean => {
    if (rankOf(one) !== rankOf(best) || hasWeight(one) !== hasWeight(best)) return false;
    if (hasWeight(best)) return true;
    return foreignOf(one) === foreignOf(best) && priceOf(one) === priceOf(best) && latencyOf(one) <= limitMs;
  };
  const rest = healthy.filter((one) => !isEqual(one));
  return [...inTurn(healthy.filter(isEqual), turn), ...rest, ...ramping].map(({ route }) => route);
}
