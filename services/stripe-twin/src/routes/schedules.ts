import type Stripe from "stripe";
import { z } from "zod";
import { cancelSchedule, releaseSchedule, scheduleFrom, updateSchedule } from "../domain/schedules.ts";
import { endpoint } from "./api/endpoint.ts";
import { expand, id, int, metadata, paging, paramsOf, prorationBehavior } from "./api/fields.ts";
import { pageOf } from "./api/list.ts";

const quantity = int.pipe(z.number().min(1).max(1_000_000));
const phase = z.strictObject({
  items: z.array(z.strictObject({ price: id, quantity: quantity.default(1) })).max(20),
  start_date: int.optional(),
  end_date: int.optional(),
  duration: z
    .strictObject({ interval: z.enum(["day", "week", "month", "year"]), interval_count: int.default(1) })
    .optional(),
  proration_behavior: prorationBehavior.default("create_prorations"),
  metadata: metadata.optional(),
});

export const scheduleEndpoints = [
  endpoint(
    "POST",
    "/v1/subscription_schedules",
    paramsOf<Stripe.SubscriptionScheduleCreateParams>()({ from_subscription: id, expand }),
    (tx, { params }) => scheduleFrom(tx, params.from_subscription),
  ),
  endpoint(
    "GET",
    "/v1/subscription_schedules",
    paramsOf<Stripe.SubscriptionScheduleListParams>()({ ...paging, customer: id.optional() }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("subscription_schedule")
          .filter(({ customer }) => params.customer === undefined || customer === params.customer),
        params,
        "/v1/subscription_schedules",
      ),
  ),
  endpoint("GET", "/v1/subscription_schedules/:id", z.strictObject({ expand }), (tx, call) =>
    tx.need("subscription_schedule", call.id),
  ),
  endpoint(
    "POST",
    "/v1/subscription_schedules/:id",
    paramsOf<Stripe.SubscriptionScheduleUpdateParams>()({
      phases: z.array(phase).max(10).optional(),
      end_behavior: z.enum(["release", "cancel"]).optional(),
      metadata: metadata.optional(),
      proration_behavior: prorationBehavior.optional(),
      expand,
    }),
    (tx, call) =>
      updateSchedule(tx, call.id, {
        phases: call.params.phases?.map((one) => ({
          items: one.items,
          startDate: one.start_date ?? null,
          endDate: one.end_date ?? null,
          duration: one.duration ?? null,
          prorationBehavior: one.proration_behavior,
          metadata: one.metadata ?? null,
        })),
        endBehavior: call.params.end_behavior,
        metadata: call.params.metadata,
      }),
  ),
  endpoint("POST", "/v1/subscription_schedules/:id/release", z.strictObject({ expand }), (tx, call) =>
    releaseSchedule(tx, call.id),
  ),
  endpoint("POST", "/v1/subscription_schedules/:id/cancel", z.strictObject({ expand }), (tx, call) =>
    cancelSchedule(tx, call.id),
  ),
];
