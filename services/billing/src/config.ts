import { commonFields } from "@topdog/config/common";
import { loadConfig } from "@topdog/config/load";
import { secretSchema } from "@topdog/config/secret";
import { z } from "zod";

const serviceName = "billing";

const offerFields = {
  REGULATED_LINEUP: z
    .stringbool()
    .default(false)
    .describe("Whether the regulated plans (Medical, Scientific) are offered"),
};

const schema = z.object({
  ...commonFields,
  ...offerFields,
  HTTP_PORT: commonFields.HTTP_PORT.default(8082),
  STRIPE_SECRET_KEY: secretSchema.optional().describe("Stripe's secret key; unset: payment endpoints answer 503"),
});

export type Config = Readonly<z.infer<typeof schema>>;

export const readServiceConfig = (): Config =>
  loadConfig(serviceName, schema, { env: process.env, argv: process.argv.slice(2) });

/** What an operator command needs. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig(`${serviceName} command`, z.object({ ...offerFields, DATABASE_URL: commonFields.DATABASE_URL }), {
    env: process.env,
    argv: [],
  });
