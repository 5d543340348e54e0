import { idempotencyKey, type MoneyOperation, type OperationResult } from "../../domain/money-operation.ts";
import { effectiveEnd } from "../../domain/stripe-subscription.ts";
import { releaseSchedule, setCancellation } from "../../clients/stripe/subscriptions.ts";
import { governingOf } from "./governing-of.ts";
import type { OperationDeps } from "./operation-deps.ts";

/** What is paid for stays until the period ends. */
export async function performCancel(deps: OperationDeps, operation: MoneyOperation): Promise<OperationResult> {
  const { subscription } = await governingOf(deps, operation.owner);
  if (effectiveEnd(subscription) !== null) return {};
  // Stripe refuses to end a subscription whose schedule has plans for it.
  if (subscription.scheduleId !== null)
    await releaseSchedule(deps.stripe, subscription.scheduleId, idempotencyKey(operation, "release"));
  await setCancellation(deps.stripe, subscription.id, "at_period_end", idempotencyKey(operation, "cancel"));
  return {};
}

/** Takes back a cancellation, and a change that was to come. */
export async function performResume(deps: OperationDeps, operation: MoneyOperation): Promise<OperationResult> {
  const { subscription } = await governingOf(deps, operation.owner);
  if (subscription.scheduleId !== null)
    await releaseSchedule(deps.stripe, subscription.scheduleId, idempotencyKey(operation, "release"));
  if (effectiveEnd(subscription) === null) return {};
  const form = subscription.cancelAtPeriodEnd ? "none" : "no_date";
  await setCancellation(deps.stripe, subscription.id, form, idempotencyKey(operation, "resume"));
  return {};
}
