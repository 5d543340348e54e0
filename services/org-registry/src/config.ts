import { publicKeysField } from "@topdog/caller-token/keys";
import { loadConfig } from "@topdog/config/load";
import { busFields, databaseFields, processFields } from "@topdog/service/fields";
import { z } from "zod";

export const configSchema = z.object({
  ...processFields("org-registry"),
  ...databaseFields,
  ...busFields,
  CALLER_PUBLIC_KEYS: publicKeysField,
  RPC_MAX_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe("Principal look-ups worked on at once; one more is answered `overloaded`"),
});

/** What an operator command needs: the database alone. Its flags are its own. */
export const readCommandConfig = () =>
  loadConfig("org-registry command", z.object(databaseFields), { env: process.env, argv: [] });
