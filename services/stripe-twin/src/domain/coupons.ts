import { addMonths } from "./periods.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { Coupon } from "./types.ts";

export interface DiscountOrder {
  readonly coupon?: string | undefined;
  readonly promotion_code?: string | undefined;
  /** One that is there already stays. */
  readonly discount?: string | undefined;
}

/** Redeems coupons for a subscription; answers the ids of its discounts. */
export function createDiscounts(
  tx: Tx,
  orders: readonly DiscountOrder[],
  owner: { readonly customer: string; readonly subscription: string },
): string[] {
  return orders.map((order, index) => {
    if (order.discount !== undefined) return tx.need("discount", order.discount, `discounts[${index}][discount]`).id;
    const coupon = redeemable(tx, order, `discounts[${index}]`);
    tx.put("coupon", { ...coupon, times_redeemed: coupon.times_redeemed + 1 });
    const months = coupon.duration === "repeating" ? (coupon.duration_in_months ?? 0) : null;
    const id = tx.newId("di");
    tx.put("discount", {
      id,
      object: "discount",
      checkout_session: null,
      customer: owner.customer,
      customer_account: null,
      end: months === null ? null : addMonths(tx.nowSeconds, months),
      invoice: null,
      invoice_item: null,
      promotion_code: order.promotion_code ?? null,
      source: { coupon: coupon.id, type: "coupon" },
      start: tx.nowSeconds,
      subscription: owner.subscription,
      subscription_item: null,
    });
    return id;
  });
}

export function redeemable(tx: Tx, order: DiscountOrder, param: string): Coupon {
  const id = order.coupon ?? promoted(tx, order.promotion_code, `${param}[promotion_code]`);
  const coupon = tx.need("coupon", id, `${param}[coupon]`);
  const late = coupon.redeem_by !== null && coupon.redeem_by <= tx.nowSeconds;
  const spent = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions;
  if (!coupon.valid || late || spent)
    throw invalid(`Coupon expired: ${coupon.id}`, `${param}[coupon]`, "coupon_expired");
  return coupon;
}

function promoted(tx: Tx, id: string | undefined, param: string): string {
  if (id === undefined) throw invalid("A discount needs a coupon or a promotion code.", param, "parameter_missing");
  const code = tx.need("promotion_code", id, param);
  if (!code.active) throw invalid(`This promotion code is not active: ${id}`, param);
  const { coupon } = code.promotion;
  if (typeof coupon !== "string") throw invalid(`This promotion code has no coupon: ${id}`, param);
  return coupon;
}
