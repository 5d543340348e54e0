import { publicKeysField } from "@topdog/caller-token/keys";
import { httpUrl } from "@topdog/config/address";
import { loadConfig } from "@topdog/config/load";
import { Secret, secretSchema } from "@topdog/config/secret";
import { busFields, databaseFields, processFields } from "@topdog/service/fields";
import { z } from "zod";
import {
  billingIntervals,
  type PaidPlanId,
  paidPlanIds,
  type PriceVariable,
  priceVariable,
} from "@topdog/contracts/stripe-prices";
import { createPriceMap } from "./domain/price-map.ts";
import type { PaymentSettings } from "./usecases/open-payments.ts";

const offerFields = {
  REGULATED_LINEUP: z
    .stringbool()
    .default(false)
    .describe("Whether the regulated plans (Medical, Scientific) are offered"),
};

const maxWebhookSecrets = 5;
const webhookSecrets = z
  .string()
  .transform((text) => text.split(",").map((one) => one.trim()))
  .pipe(
    z
      .array(z.string().regex(/^\S{16,200}$/, "must be 16 characters or more, without spaces"))
      .min(1)
      .max(maxWebhookSecrets),
  )
  .transform((all) => all.map(Secret.of));

const priceId = (plan: PaidPlanId, interval: "month" | "year") =>
  z
    .string()
    .regex(/^\w{1,100}$/, "must be the id of a price, as price_…")
    .optional()
    .describe(`Stripe's price of ${plan}, billed by the ${interval}; unset: not for sale`);

const priceFields = Object.fromEntries(
  paidPlanIds.flatMap((plan) =>
    billingIntervals.map((interval) => [priceVariable(plan, interval), priceId(plan, interval)]),
  ),
) as Record<PriceVariable, ReturnType<typeof priceId>>;

const stripeFields = {
  STRIPE_SECRET_KEY: secretSchema.optional().describe("Stripe's secret key; unset: payment endpoints answer 503"),
  STRIPE_API_URL: httpUrl
    .default("https://api.stripe.com")
    .describe("Where Stripe's API is; the twin's address locally"),
  STRIPE_WEBHOOK_SECRET: webhookSecrets
    .optional()
    .describe("Signing secret of the webhook endpoint; several during a rotation, separated by commas"),
  STRIPE_PORTAL_CONFIGURATION_ID: z.string().optional().describe("Customer portal's configuration; unset: the default"),
  STRIPE_AUTOMATIC_TAX: z
    .stringbool()
    .default(false)
    .describe("Whether Stripe Tax computes tax, and asks for an address"),
  ...priceFields,
  TRIAL_DAYS: z.coerce.number().int().min(0).max(90).default(0).describe("Trial of a first subscription, in days"),
  PAST_DUE_GRACE_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(30)
    .default(7)
    .describe("How long a plan stays in force after the first failed payment, in days"),
  CHECKOUT_SUCCESS_URL: httpUrl
    .default("http://localhost:8080/dashboard?checkout=done")
    .describe("Where a checkout returns to when it is complete"),
  CHECKOUT_CANCEL_URL: httpUrl
    .default("http://localhost:8080/pricing")
    .describe("Where a checkout returns to when it is left"),
  PORTAL_RETURN_URL: httpUrl.default("http://localhost:8080/dashboard").describe("Where the portal returns to"),
};

export const configSchema = z.object({
  ...processFields("billing"),
  ...databaseFields,
  ...busFields,
  ...offerFields,
  CALLER_PUBLIC_KEYS: publicKeysField,
  WEBHOOK_BODY_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe("How long the body of a webhook may take to arrive, in milliseconds"),
  ...stripeFields,
});

const commandSchema = z.object({ ...offerFields, ...databaseFields, ...stripeFields });
type StripeFields = Readonly<z.infer<z.ZodObject<typeof stripeFields>>>;

/** What an operator command needs. Its flags are its own. */
export const readCommandConfig = () => loadConfig("billing command", commandSchema, { env: process.env, argv: [] });

const dayMs = 86_400_000;

/** What speaks to Stripe is opened with this; null without a key. Throws when two plans have one price. */
export function paymentSettingsOf(config: StripeFields): PaymentSettings | null {
  if (config.STRIPE_SECRET_KEY === undefined) return null;
  return {
    secretKey: config.STRIPE_SECRET_KEY.reveal(),
    apiUrl: config.STRIPE_API_URL,
    prices: createPriceMap(config),
    graceMs: config.PAST_DUE_GRACE_DAYS * dayMs,
    trialDays: config.TRIAL_DAYS,
    checkout: {
      successUrl: config.CHECKOUT_SUCCESS_URL,
      cancelUrl: config.CHECKOUT_CANCEL_URL,
      automaticTax: config.STRIPE_AUTOMATIC_TAX,
    },
  };
}
