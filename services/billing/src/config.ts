import { publicKeysField } from "@topdog/caller-token/keys";
import { loadConfig } from "@topdog/config/load";
import { secretSchema } from "@topdog/config/secret";
import { busFields, databaseFields, processFields } from "@topdog/service/fields";
import { z } from "zod";

const offerFields = {
  REGULATED_LINEUP: z
    .stringbool()
    .default(false)
    .describe("Whether the regulated plans (Medical, Scientific) are offered"),
};

export const configSchema = z.object({
  ...processFields("billing"),
  ...databaseFields,
  ...busFields,
  ...offerFields,
  CALLER_PUBLIC_KEYS: publicKeysField,
  STRIPE_SECRET_KEY: secretSchema.optional().describe("Stripe's secret key; unset: payment endpoints answer 503"),
});

/** What an operator command needs. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig("billing command", z.object({ ...offerFields, ...databaseFields }), { env: process.env, argv: [] });
