import {
  idempotencyKey,
  type MoneyOperation,
  type OperationResult,
  sameTarget,
  type Target,
} from "../../domain/money-operation.ts";
import { changeItem, releaseSchedule } from "../../clients/stripe/subscriptions.ts";
import { priceFor } from "./price-for.ts";
import { governingOf } from "./governing-of.ts";
import type { OperationDeps } from "./operation-deps.ts";

/** The change takes effect when it is paid for: until then Stripe keeps the old plan and holds the change back. */
export async function performChange(
  deps: OperationDeps,
  operation: MoneyOperation,
  params: Target & { readonly prorationDate: number },
): Promise<OperationResult> {
  const { subscription, sold } = await governingOf(deps, operation.owner);
  // What was to happen later is replaced by what happens now.
  if (subscription.scheduleId !== null)
    await releaseSchedule(deps.stripe, subscription.scheduleId, idempotencyKey(operation, "release"));
  if (sameTarget(sold, params)) return {};
  await changeItem(
    deps.stripe,
    {
      subscriptionId: subscription.id,
      itemId: sold.item.id,
      priceId: priceFor(deps.prices, params).priceId,
      quantity: params.seats,
      prorationDate: params.prorationDate,
    },
    idempotencyKey(operation, "change"),
  );
  return {};
}
