import { plans } from "@topdog/contracts/plans";
import { serviceAccounts } from "@topdog/contracts/quota";
import type { Ceiling, Principal } from "@topdog/contracts/rpc/resolve-principal";
import { isFree, type Operation } from "@topdog/dialects/operation";
import { AppError } from "@topdog/errors/app-error";
import type { Slot } from "../store/lease-book.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";
import { remainingOf, availabilityOf } from "../domain/lease.ts";
import { resetTime, secondsToReset, todayAt } from "../domain/quota-clock.ts";
import {
  concurrencyHeaders,
  describeCeiling,
  describeShare,
  describeSpent,
  limitHeaders,
  type LimitView,
} from "../domain/rate-limit.ts";

function scopeOf(owner: string): LimitView["scope"] {
  const kind = owner.slice(0, owner.indexOf(":"));
  return kind === "org" || kind === "key" || kind === "member" ? kind : "personal";
}

/** Buckets whose limits quota has told; nothing is known of the others yet. */
function viewsOf(leases: QuotaLeases, slots: readonly Slot[]): LimitView[] {
  const today = todayAt(leases.clock, leases.monotonicMs());
  const views: LimitView[] = [];
  for (const { lease } of slots) {
    if (lease.adviceDay === "") continue;
    const remaining = availabilityOf(lease, today) === "exhausted" ? 0 : remainingOf(lease, today);
    views.push({
      scope: scopeOf(lease.owner),
      meter: lease.meter,
      limit: lease.limit,
      remaining,
    });
  }
  return views;
}

/** The rate-limit headers of a call, names and values alternate. */
export function rateLimitHeaders(leases: QuotaLeases, slots: readonly Slot[], source: string | null): string[] {
  return limitHeaders(viewsOf(leases, slots), source, secondsToReset(leases.clock, leases.monotonicMs()));
}

/** What a call would be charged to first, as far as it is held here: a refused call asks quota nothing. */
function firstSlots(leases: QuotaLeases, { buckets, ceilings = [] }: Principal, cost: Operation["cost"]): Slot[] {
  if (isFree(cost)) return [];
  const { personal, org } = buckets;
  const own =
    personal === null
      ? [leases.find(org ?? "", "api_calls", serviceAccounts)]
      : cost.map((meter) => leases.find(personal, meter));
  return [...own, ...ceilings.map(({ owner }) => leases.find(owner, "capped_calls"))].filter(
    (one) => one !== undefined,
  );
}

/** The rate-limit headers of a call that was refused before any bucket was asked. */
export const uncheckedLimitHeaders = (leases: QuotaLeases, principal: Principal, cost: Operation["cost"]): string[] =>
  rateLimitHeaders(leases, firstSlots(leases, principal, cost), null);

/** Those of one that was refused because `limit` others are running. */
export function concurrencyLimitHeaders(
  leases: QuotaLeases,
  principal: Principal,
  cost: Operation["cost"],
  limit: number,
): string[] {
  const views = viewsOf(leases, firstSlots(leases, principal, cost));
  return concurrencyHeaders(limit, views, secondsToReset(leases.clock, leases.monotonicMs()));
}

/** A share that others do not draw lapses after an hour. */
const shareRetrySeconds = 3_600;

/** The refusal of a caller whose buckets are all spent, or whose rest is kept for others. */
export function quotaExceeded(
  leases: QuotaLeases,
  slots: readonly Slot[],
  headers: Readonly<Record<string, string>>,
): AppError {
  const resetSeconds = secondsToReset(leases.clock, leases.monotonicMs());
  const reset = { resetSeconds, resetsAt: resetTime(leases.clock) };
  const [contested] = slots.flatMap(({ lease: { share, limit } }) =>
    share !== null && share.kept > 0 ? { share, limit } : [],
  );
  if (contested !== undefined) {
    return new AppError("org_share_spent", {
      detail: describeShare(contested.share, contested.limit, reset),
      retryAfterSeconds: Math.min(resetSeconds, shareRetrySeconds),
      headers,
    });
  }
  const spent = {
    views: viewsOf(leases, slots).filter(({ meter }) => meter !== "capped_calls"),
    plan: slots[0]?.lease.plan ?? null,
    ...reset,
  };
  return new AppError("quota_exceeded", {
    detail: describeSpent(spent, plans),
    retryAfterSeconds: resetSeconds,
    headers,
  });
}

/** The refusal of a caller whose key or membership is at its ceiling. */
export function ceilingReached(
  leases: QuotaLeases,
  ceiling: Ceiling,
  headers: Readonly<Record<string, string>>,
): AppError {
  const resetSeconds = secondsToReset(leases.clock, leases.monotonicMs());
  const detail = describeCeiling(ceiling, { resetSeconds, resetsAt: resetTime(leases.clock) });
  return new AppError("daily_ceiling_reached", { detail, retryAfterSeconds: resetSeconds, headers });
}
