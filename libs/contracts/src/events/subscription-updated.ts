import { z } from "zod";
import { defineEvent } from "../event.ts";
import { planIdSchema } from "../plans.ts";

export const subscriptionUpdatedSchema = z.object({
  owner: z.string().regex(/^(user|org):[\w-]{1,64}$/),
  /** Rises with every change of this owner's subscription: a consumer ignores what is not newer. */
  version: z.int().min(1),
  /** The plan that is in force now, whatever Stripe calls the status. */
  plan: planIdSchema,
  interval: z.enum(["month", "year"]),
  /** Paid quantity; 1 for a plan without seats. */
  seats: z.int().min(1).max(1_000_000),
  status: z.enum(["active", "trialing", "past_due", "canceled"]),
  changedAt: z.iso.datetime(),
});
export type SubscriptionUpdated = z.infer<typeof subscriptionUpdatedSchema>;

export const subscriptionUpdated = defineEvent({
  subject: "topdog.subscription.updated.v1",
  summary: "A user's or an org's subscription changed: the full snapshot",
  publishers: ["billing"],
  listeners: ["gateway"],
  schema: subscriptionUpdatedSchema,
  example: {
    owner: "org:org_1",
    version: 3,
    plan: "teams",
    interval: "month",
    seats: 3,
    status: "active",
    changedAt: "2026-11-22T10:00:00.000Z",
  },
});
