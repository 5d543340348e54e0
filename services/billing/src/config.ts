import { commonFields } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { secretSchema } from "@topdog/config/secret";
import { busAddress } from "@topdog/messaging/bus-address";
import { z } from "zod";

const serviceName = "billing";

const offerFields = {
  REGULATED_LINEUP: z
    .stringbool()
    .default(false)
    .describe("Whether the regulated plans (Medical, Scientific) are offered"),
};

export const configSchema = z.object({
  ...commonFields,
  ...offerFields,
  HTTP_PORT: commonFields.HTTP_PORT.default(8082),
  STRIPE_SECRET_KEY: secretSchema.optional().describe("Stripe's secret key; unset: payment endpoints answer 503"),
});

/** The process's settings; `app` is what the application takes as it is. */
export function readServiceConfig() {
  const config = loadConfig(serviceName, configSchema, { env: process.env, argv: process.argv.slice(2) });
  return {
    databaseUrl: config.DATABASE_URL,
    bus: busAddress(config),
    logLevel: config.LOG_LEVEL,
    app: {
      http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
      principalSecret: config.PRINCIPAL_SECRET,
      graceMs: config.SHUTDOWN_GRACE_MS,
      regulatedLineup: config.REGULATED_LINEUP,
      stripeKeySet: config.STRIPE_SECRET_KEY !== undefined,
    },
  };
}

/** What an operator command needs. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig(`${serviceName} command`, z.object({ ...offerFields, DATABASE_URL: commonFields.DATABASE_URL }), {
    env: process.env,
    argv: [],
  });
