import { AppError } from "@topdog/errors/app-error";
import type { PlanPrice, PriceMap } from "../../domain/price-map.ts";
import type { Target } from "../../domain/money-operation.ts";

/** The price of what is wanted; throws AppError when it is not for sale here. */
export function priceFor(prices: PriceMap, { plan, interval }: Pick<Target, "plan" | "interval">): PlanPrice {
  const price = prices.ofPlan(plan, interval);
  if (price === null)
    throw new AppError("plan_not_for_sale", { detail: `${plan}, billed by the ${interval}, has no price here.` });
  return price;
}
