import { planIdSchema, plans } from "@topdog/contracts/plans";
import { z } from "zod";
import type { StripeState } from "../domain/stripe-state.ts";
import type { SubscriptionView } from "../usecases/read-subscription.ts";

const interval = z.enum(["month", "year"]);
const time = z.iso.datetime().nullable();

const paymentSchema = z.object({
  status: z.string().describe("Stripe's own word for it; more may come"),
  renewsAt: time,
  endsAt: time.describe("When it ends; null while no end is set"),
  trialEndsAt: time,
  graceEndsAt: time.describe("Until when the plan stands, or stood, although a payment is owed"),
  collectionPaused: z.boolean(),
  changePending: z.boolean().describe("A change waits for its payment"),
  paymentUrl: z.string().nullable().describe("Where what is open can be paid or confirmed"),
  scheduledChange: z.object({ plan: planIdSchema, interval, seats: z.int(), at: z.iso.datetime() }).nullable(),
});

export const subscriptionSchema = z.object({
  owner: z.string(),
  plan: planIdSchema.describe("The plan that is in force"),
  planName: z.string(),
  interval,
  seats: z.int(),
  activeMembers: z.int().nullable().describe("Seats taken; null for a user"),
  status: z.enum(["active", "trialing", "past_due", "canceled"]),
  version: z.int(),
  changedAt: time,
  payment: paymentSchema.nullable().describe("Null for who never subscribed"),
});

const toApiPayment = ({ status, details }: StripeState): z.input<typeof paymentSchema> => ({
  status: status ?? "",
  renewsAt: details.renewsAt,
  endsAt: details.endsAt,
  trialEndsAt: details.trialEndsAt,
  graceEndsAt: details.graceEndsAt,
  collectionPaused: details.collectionPaused,
  changePending: details.changePending,
  paymentUrl: details.paymentUrl,
  scheduledChange: details.scheduled,
});

export const toApiSubscription = ({
  subscription,
  activeMembers,
  stripe,
}: SubscriptionView): z.input<typeof subscriptionSchema> => ({
  owner: subscription.owner,
  plan: subscription.plan,
  planName: plans[subscription.plan].name,
  interval: subscription.interval,
  seats: subscription.seats,
  activeMembers,
  status: subscription.status,
  version: subscription.version,
  changedAt: subscription.changedAt?.toISOString() ?? null,
  payment: stripe === null ? null : toApiPayment(stripe),
});
