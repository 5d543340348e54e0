import type Stripe from "stripe";
import { z } from "zod";
import { addCoupon, addPrice, addProduct, addPromotionCode } from "../domain/catalogue.ts";
import { invalid } from "../domain/stripe-error.ts";
import { mergeMetadata } from "../domain/subscription-update.ts";
import { endpoint } from "./api/endpoint.ts";
import { bool, clearable, created, decimal, expand, id, int, metadata, paging, paramsOf, text } from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";

const one = z.strictObject({ expand });

const productEndpoints = [
  endpoint(
    "POST",
    "/v1/products",
    paramsOf<Stripe.ProductCreateParams>()({
      id: id.optional(),
      name: text,
      description: text.optional(),
      metadata: metadata.optional(),
      active: bool.default(true),
      expand,
    }),
    (tx, { params }) =>
      addProduct(tx, params.id ?? tx.newId("prod"), {
        name: params.name,
        description: params.description ?? null,
        metadata: params.metadata ?? {},
        active: params.active,
      }),
  ),
  endpoint(
    "GET",
    "/v1/products",
    paramsOf<Stripe.ProductListParams>()({ ...paging, active: bool.optional() }),
    (tx, { params }) =>
      pageOf(
        tx.all("product").filter(({ active }) => params.active === undefined || active === params.active),
        params,
        "/v1/products",
      ),
  ),
  endpoint("GET", "/v1/products/:id", one, (tx, call) => tx.need("product", call.id)),
  endpoint(
    "POST",
    "/v1/products/:id",
    paramsOf<Stripe.ProductUpdateParams>()({
      name: text.optional(),
      description: clearable(text).optional(),
      metadata: metadata.optional(),
      active: bool.optional(),
      expand,
    }),
    (tx, { id: product, params: { name, description, active, metadata: changed } }) => {
      const before = tx.need("product", product);
      const given = Object.fromEntries(
        Object.entries({ name, description, active }).filter(([, value]) => value !== undefined),
      );
      const next = {
        ...before,
        ...given,
        metadata: mergeMetadata(before.metadata, changed ?? {}),
        updated: tx.nowSeconds,
      };
      tx.put("product", next);
      tx.emit("product.updated", next, {});
      return next;
    },
  ),
];

const recurring = z.strictObject({
  interval: z.enum(["day", "week", "month", "year"]),
  interval_count: int.pipe(z.number().min(1).max(36)).default(1),
});

const priceEndpoints = [
  endpoint(
    "POST",
    "/v1/prices",
    paramsOf<Stripe.PriceCreateParams>()({
      currency: text,
      product: id,
      unit_amount: int.pipe(z.number().min(0)),
      recurring: recurring.optional(),
      nickname: text.optional(),
      lookup_key: text.optional(),
      metadata: metadata.optional(),
      active: bool.default(true),
      expand,
    }),
    (tx, { params }) =>
      addPrice(tx, tx.newId("price"), {
        product: params.product,
        currency: params.currency.toLowerCase(),
        unitCents: params.unit_amount,
        recurring: params.recurring ?? null,
        nickname: params.nickname ?? null,
        lookupKey: params.lookup_key ?? null,
        metadata: params.metadata ?? {},
        active: params.active,
      }),
  ),
  endpoint(
    "GET",
    "/v1/prices",
    paramsOf<Stripe.PriceListParams>()({
      ...paging,
      active: bool.optional(),
      product: id.optional(),
      lookup_keys: z.array(text).max(10).optional(),
      type: z.enum(["one_time", "recurring"]).optional(),
      created,
    }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("price")
          .filter(
            (price) =>
              (params.active === undefined || price.active === params.active) &&
              (params.product === undefined || price.product === params.product) &&
              (params.type === undefined || price.type === params.type) &&
              (params.lookup_keys === undefined || params.lookup_keys.includes(price.lookup_key ?? "")) &&
              isWithin(price.created, params.created),
          ),
        params,
        "/v1/prices",
      ),
  ),
  endpoint("GET", "/v1/prices/:id", one, (tx, call) => tx.need("price", call.id, "price")),
  endpoint(
    "POST",
    "/v1/prices/:id",
    paramsOf<Stripe.PriceUpdateParams>()({
      active: bool.optional(),
      nickname: text.optional(),
      metadata: metadata.optional(),
      expand,
    }),
    (tx, { id: price, params }) => {
      const before = tx.need("price", price);
      const next = {
        ...before,
        active: params.active ?? before.active,
        nickname: params.nickname ?? before.nickname,
        metadata: mergeMetadata(before.metadata, params.metadata ?? {}),
      };
      tx.put("price", next);
      tx.emit("price.updated", next, {});
      return next;
    },
  ),
];

const couponEndpoints = [
  endpoint(
    "POST",
    "/v1/coupons",
    paramsOf<Stripe.CouponCreateParams>()({
      id: id.optional(),
      name: text.optional(),
      percent_off: decimal.pipe(z.number().gt(0).max(100)).optional(),
      amount_off: int.pipe(z.number().min(1)).optional(),
      currency: text.optional(),
      duration: z.enum(["once", "repeating", "forever"]).default("once"),
      duration_in_months: int.pipe(z.number().min(1)).optional(),
      max_redemptions: int.optional(),
      redeem_by: int.optional(),
      metadata: metadata.optional(),
      expand,
    }),
    (tx, { params }) => {
      if ((params.percent_off === undefined) === (params.amount_off === undefined))
        throw invalid("Provide exactly one of percent_off and amount_off.", "percent_off", "parameter_missing");
      if (params.duration === "repeating" && params.duration_in_months === undefined)
        throw invalid(
          "You must pass duration_in_months when passing duration=repeating.",
          "duration_in_months",
          "parameter_missing",
        );
      return addCoupon(tx, {
        id: params.id ?? null,
        name: params.name ?? null,
        percentOff: params.percent_off ?? null,
        amountOff: params.amount_off ?? null,
        currency: params.currency ?? null,
        duration: params.duration,
        durationInMonths: params.duration_in_months ?? null,
        maxRedemptions: params.max_redemptions ?? null,
        redeemBy: params.redeem_by ?? null,
        metadata: params.metadata ?? {},
      });
    },
  ),
  endpoint("GET", "/v1/coupons", z.strictObject({ ...paging, created }), (tx, { params }) =>
    pageOf(tx.all("coupon"), params, "/v1/coupons"),
  ),
  endpoint("GET", "/v1/coupons/:id", one, (tx, call) => tx.need("coupon", call.id, "coupon")),
  endpoint("DELETE", "/v1/coupons/:id", z.strictObject({}), (tx, call) => {
    const coupon = tx.need("coupon", call.id, "coupon");
    tx.put("coupon", { ...coupon, valid: false });
    tx.emit("coupon.deleted", coupon);
    return { id: coupon.id, object: "coupon", deleted: true };
  }),
  endpoint(
    "POST",
    "/v1/promotion_codes",
    paramsOf<Stripe.PromotionCodeCreateParams>()({
      promotion: z.strictObject({ type: z.literal("coupon"), coupon: id }),
      code: text.optional(),
      metadata: metadata.optional(),
      expand,
    }),
    (tx, { params }) =>
      addPromotionCode(
        tx,
        params.promotion.coupon,
        params.code ?? tx.newId("code").slice(-8).toUpperCase(),
        params.metadata ?? {},
      ),
  ),
  endpoint(
    "GET",
    "/v1/promotion_codes",
    paramsOf<Stripe.PromotionCodeListParams>()({ ...paging, code: text.optional(), active: bool.optional() }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("promotion_code")
          .filter(
            ({ code, active }) =>
              (params.code === undefined || code === params.code) &&
              (params.active === undefined || active === params.active),
          ),
        params,
        "/v1/promotion_codes",
      ),
  ),
  endpoint("GET", "/v1/promotion_codes/:id", one, (tx, call) => tx.need("promotion_code", call.id)),
];

export const catalogueEndpoints = [...productEndpoints, ...priceEndpoints, ...couponEndpoints];
