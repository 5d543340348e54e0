import { commonFields } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { busAddress } from "@topdog/messaging/bus-address";
import { z } from "zod";

const serviceName = "org-registry";

export const configSchema = z.object({
  ...commonFields,
  HTTP_PORT: commonFields.HTTP_PORT.default(8081),
  RPC_MAX_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe("Principal look-ups worked on at once; one more is answered `overloaded`"),
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
      rpcMaxInFlight: config.RPC_MAX_IN_FLIGHT,
    },
  };
}

/** What an operator command needs: the database alone. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig(`${serviceName} command`, z.object({ DATABASE_URL: commonFields.DATABASE_URL }), {
    env: process.env,
    argv: [],
  });
