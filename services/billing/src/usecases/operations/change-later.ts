import {
  idempotencyKey,
  type MoneyOperation,
  type OperationResult,
  sameTarget,
  type Target,
} from "../../domain/money-operation.ts";
import { planNextPhase, releaseSchedule, scheduleOf } from "../../clients/stripe/subscriptions.ts";
import { governingOf } from "./governing-of.ts";
import type { OperationDeps } from "./operation-deps.ts";
import { priceFor } from "./price-for.ts";

/** What is paid for stays until the period ends; then the schedule changes it, and is done. */
export async function performSchedule(
  deps: OperationDeps,
  operation: MoneyOperation,
  target: Target,
): Promise<OperationResult> {
  const { subscription, sold } = await governingOf(deps, operation.owner);
  const { stripe } = deps;
  if (sameTarget(sold, target)) {
    if (subscription.scheduleId !== null)
      await releaseSchedule(stripe, subscription.scheduleId, idempotencyKey(operation, "release"));
    return {};
  }
  const schedule = await scheduleOf(stripe, subscription, idempotencyKey(operation, "schedule"));
  await planNextPhase(
    stripe,
    schedule,
    { priceId: priceFor(deps.prices, target).priceId, quantity: target.seats, interval: target.interval },
    idempotencyKey(operation, "phases"),
  );
  return {};
}
