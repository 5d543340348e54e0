import { plans } from "@topdog/contracts/plans";
import { AppError } from "@topdog/errors/app-error";
import type { Slot } from "../store/lease-book.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";
import { remainingOf, availabilityOf } from "../domain/lease.ts";
import { resetTime, secondsToReset, todayAt } from "../domain/quota-clock.ts";
import { describeSpent, limitHeaders, type LimitView } from "../domain/rate-limit.ts";

/** Buckets whose limits quota has told; nothing is known of the others yet. */
function viewsOf(leases: QuotaLeases, slots: readonly Slot[]): LimitView[] {
  const today = todayAt(leases.clock, leases.monotonicMs());
  const views: LimitView[] = [];
  for (const { lease } of slots) {
    if (lease.adviceDay === "") continue;
    const remaining = availabilityOf(lease, today) === "exhausted" ? 0 : remainingOf(lease, today);
    views.push({
      scope: lease.owner.startsWith("org:") ? "org" : "personal",
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

/** The refusal of a caller whose buckets are all spent. */
export function quotaExceeded(
  leases: QuotaLeases,
  slots: readonly Slot[],
  headers: Readonly<Record<string, string>>,
): AppError {
  const resetSeconds = secondsToReset(leases.clock, leases.monotonicMs());
  const spent = {
    views: viewsOf(leases, slots),
    plan: slots[0]?.lease.plan ?? null,
    resetSeconds,
    resetsAt: resetTime(leases.clock),
  };
  return new AppError("quota_exceeded", {
    detail: describeSpent(spent, plans),
    retryAfterSeconds: resetSeconds,
    headers,
  });
}
