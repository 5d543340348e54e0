import { type PlanId, plans } from "@topdog/contracts/plans";
import { billingIntervals, paidPlanIds, priceCents, twinPriceId } from "@topdog/contracts/stripe-prices";
import type { Tx } from "./state.ts";
import type { Coupon, Price, Product, PromotionCode } from "./types.ts";

export interface ProductFields {
  readonly name: string;
  readonly description: string | null;
  readonly metadata: Record<string, string>;
  readonly active: boolean;
}

export function addProduct(tx: Tx, id: string, { name, description, metadata, active }: ProductFields): Product {
  const product: Product = {
    id,
    object: "product",
    active,
    created: tx.nowSeconds,
    default_price: null,
    description,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata,
    name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: null,
    updated: tx.nowSeconds,
    url: null,
  };
  tx.put("product", product);
  tx.emit("product.created", product);
  return product;
}

export interface PriceFields {
  readonly product: string;
  readonly currency: string;
  readonly unitCents: number;
  readonly recurring: { readonly interval: "day" | "week" | "month" | "year"; readonly interval_count: number } | null;
  readonly nickname: string | null;
  readonly lookupKey: string | null;
  readonly metadata: Record<string, string>;
  readonly active: boolean;
}

export function addPrice(tx: Tx, id: string, fields: PriceFields): Price {
  const price: Price = {
    id,
    object: "price",
    active: fields.active,
    billing_scheme: "per_unit",
    created: tx.nowSeconds,
    currency: fields.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: fields.lookupKey,
    metadata: fields.metadata,
    nickname: fields.nickname,
    product: tx.need("product", fields.product, "product").id,
    recurring:
      fields.recurring === null
        ? null
        : { ...fields.recurring, meter: null, trial_period_days: null, usage_type: "licensed" },
    tax_behavior: "exclusive",
    tiers_mode: null,
    transform_quantity: null,
    type: fields.recurring === null ? "one_time" : "recurring",
    unit_amount: fields.unitCents,
    unit_amount_decimal: String(fields.unitCents),
  };
  tx.put("price", price);
  tx.emit("price.created", price);
  return price;
}

export interface CouponFields {
  readonly id: string | null;
  readonly name: string | null;
  readonly percentOff: number | null;
  readonly amountOff: number | null;
  readonly currency: string | null;
  readonly duration: "once" | "repeating" | "forever";
  readonly durationInMonths: number | null;
  readonly maxRedemptions: number | null;
  readonly redeemBy: number | null;
  readonly metadata: Record<string, string>;
}

export function addCoupon(tx: Tx, fields: CouponFields): Coupon {
  const coupon: Coupon = {
    id: fields.id ?? tx.newId("coupon").slice(-8),
    object: "coupon",
    amount_off: fields.amountOff,
    created: tx.nowSeconds,
    currency: fields.currency,
    duration: fields.duration,
    duration_in_months: fields.durationInMonths,
    livemode: false,
    max_redemptions: fields.maxRedemptions,
    metadata: fields.metadata,
    name: fields.name,
    percent_off: fields.percentOff,
    redeem_by: fields.redeemBy,
    times_redeemed: 0,
    valid: true,
  };
  tx.put("coupon", coupon);
  tx.emit("coupon.created", coupon);
  return coupon;
}

export function addPromotionCode(
  tx: Tx,
  coupon: string,
  code: string,
  metadata: Record<string, string>,
): PromotionCode {
  const promotion: PromotionCode = {
    id: tx.newId("promo"),
    object: "promotion_code",
    active: true,
    code,
    created: tx.nowSeconds,
    customer: null,
    customer_account: null,
    expires_at: null,
    livemode: false,
    max_redemptions: null,
    metadata,
    promotion: { coupon: tx.need("coupon", coupon, "promotion[coupon]").id, type: "coupon" },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    times_redeemed: 0,
  };
  tx.put("promotion_code", promotion);
  return promotion;
}

export const productIdOf = (plan: PlanId): string => `prod_twin_${plan}`;

/** The products and prices of our plans, with ids that never change; what is there already stays. */
export function addPlanCatalogue(tx: Tx): void {
  for (const plan of paidPlanIds) {
    const product = productIdOf(plan);
    if (tx.find("product", product) === undefined)
      addProduct(tx, product, {
        name: `Top Dog ${plans[plan].name}`,
        description: null,
        metadata: { plan },
        active: true,
      });
    for (const interval of billingIntervals) {
      const id = twinPriceId(plan, interval);
      if (tx.find("price", id) !== undefined) continue;
      addPrice(tx, id, {
        product,
        currency: "usd",
        unitCents: priceCents(plan, interval),
        recurring: { interval, interval_count: 1 },
        nickname: `${plans[plan].name}, per ${interval}`,
        lookupKey: `${plan}_${interval}`,
        metadata: { plan, interval },
        active: true,
      });
    }
  }
}
