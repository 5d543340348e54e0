import type { PlanId } from "@topdog/contracts/plans";
import { AppError } from "@topdog/errors/app-error";
import type { PriceMap } from "../domain/price-map.ts";
import type { Interval } from "../domain/subscription.ts";

export interface NamedPurchase {
  readonly plan?: PlanId | undefined;
  readonly interval?: Interval | undefined;
  readonly priceId?: string | undefined;
}

/** Plan and interval of what is to be bought, whichever way they were named. */
export function purchaseOf(
  prices: PriceMap,
  { plan, interval = "month", priceId }: NamedPurchase,
): { readonly plan: PlanId; readonly interval: Interval } {
  if (plan !== undefined) return { plan, interval };
  const price = prices.ofPrice(priceId ?? "");
  if (price === null) throw new AppError("plan_not_for_sale", { detail: "This price is not one of the plans." });
  return { plan: price.plan, interval: price.interval };
}
