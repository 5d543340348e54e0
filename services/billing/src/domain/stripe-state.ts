import type { Entitlement } from "./entitlement.ts";
import type { Governing } from "./governing.ts";
import { isKnownStatus, effectiveEnd, renewsAt } from "./stripe-subscription.ts";
import type { PriceMap } from "./price-map.ts";
import type { PlanId } from "@topdog/contracts/plans";
import type { Interval } from "./subscription.ts";

/** What we keep of an owner's governing subscription: for answers, for revenue, and to see whether something changed. */
export interface StripeState {
  readonly subscriptionId: string | null;
  readonly status: string | null;
  readonly plan: PlanId | null;
  readonly interval: Interval | null;
  readonly seats: number | null;
  readonly mrrMicroUsd: bigint;
  readonly details: StateDetails;
}

/** Times as ISO strings: they are stored and compared as JSON. */
export interface StateDetails {
  readonly renewsAt: string | null;
  readonly endsAt: string | null;
  readonly trialEndsAt: string | null;
  readonly graceEndsAt: string | null;
  readonly collectionPaused: boolean;
  readonly changePending: boolean;
  readonly paymentUrl: string | null;
  readonly scheduled: {
    readonly plan: PlanId;
    readonly interval: Interval;
    readonly seats: number;
    readonly at: string;
  } | null;
  readonly unknownSince: string | null;
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const noDetails: StateDetails = {
  renewsAt: null,
  endsAt: null,
  trialEndsAt: null,
  graceEndsAt: null,
  collectionPaused: false,
  changePending: false,
  paymentUrl: null,
  scheduled: null,
  unknownSince: null,
};

/** Of an owner without any subscription. */
export const emptyState: StripeState = {
  subscriptionId: null,
  status: null,
  plan: null,
  interval: null,
  seats: null,
  mrrMicroUsd: 0n,
  details: noDetails,
};

/** Until when the plan stood when it was last looked at, while the same subscription owed a payment. */
export function graceBeforeOf(governing: Governing | null, before: StripeState | null): Date | null {
  if (governing === null || before?.subscriptionId !== governing.subscription.id) return null;
  return before.details.graceEndsAt === null ? null : new Date(before.details.graceEndsAt);
}

/** Since when the status has been one that is not known here. */
export function unknownSinceOf(governing: Governing | null, before: StripeState | null, now: Date): Date | null {
  if (governing === null || isKnownStatus(governing.subscription.status)) return null;
  const since = before?.details.unknownSince ?? null;
  return since === null ? now : new Date(since);
}

export function toStripeState(
  governing: Governing | null,
  entitlement: Entitlement,
  facts: { readonly mrrMicroUsd: bigint; readonly unknownSince: Date | null; readonly prices: PriceMap },
): StripeState {
  if (governing === null) return emptyState;
  const { subscription, sold } = governing;
  const next = subscription.scheduled;
  const nextPrice = next === null ? null : facts.prices.ofPrice(next.priceId);
  return {
    subscriptionId: subscription.id,
    status: subscription.status,
    plan: sold?.plan ?? null,
    interval: sold?.interval ?? null,
    seats: sold?.seats ?? null,
    mrrMicroUsd: facts.mrrMicroUsd,
    details: {
      renewsAt: iso(renewsAt(subscription)),
      endsAt: iso(effectiveEnd(subscription)),
      trialEndsAt: iso(subscription.trialEnd),
      graceEndsAt: iso(entitlement.graceEndsAt),
      collectionPaused: subscription.collectionPaused,
      changePending: subscription.changePending,
      paymentUrl: subscription.paymentUrl,
      scheduled:
        next === null || nextPrice === null
          ? null
          : { plan: nextPrice.plan, interval: nextPrice.interval, seats: next.quantity, at: next.at.toISOString() },
      unknownSince: iso(facts.unknownSince),
    },
  };
}
