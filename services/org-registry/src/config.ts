import { commonFields } from "@topdog/config/common";
import { loadConfig } from "@topdog/config/load";
import { z } from "zod";

const serviceName = "org-registry";

const schema = z.object({
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

export type Config = Readonly<z.infer<typeof schema>>;

export const readServiceConfig = (): Config =>
  loadConfig(serviceName, schema, { env: process.env, argv: process.argv.slice(2) });

/** What an operator command needs: the database alone. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig(`${serviceName} command`, z.object({ DATABASE_URL: commonFields.DATABASE_URL }), {
    env: process.env,
    argv: [],
  });
