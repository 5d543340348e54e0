import { publicKeysField } from "@topdog/caller-token/keys";
import { loadConfig } from "@topdog/config/load";
import { busFields, databaseFields, operatorFields, processFields } from "@topdog/service/fields";
import { z } from "zod";

export const configSchema = z.object({
  ...processFields("quota"),
  ...databaseFields,
  ...busFields,
  ...operatorFields,
  CALLER_PUBLIC_KEYS: publicKeysField,
  DATABASE_CONNECTIONS: z.coerce.number().int().min(4).max(100).default(16).describe("Most connections to Postgres"),
  SYNC_MAX_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe("Sync messages worked on at once; one more is answered `overloaded`"),
  GATEWAY_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(600_000)
    .default(10_000)
    .describe("A gateway silent for this long has its leases closed, in milliseconds"),
  LEDGER_KEPT_DAYS: z.coerce
    .number()
    .int()
    .min(7)
    .max(3_650)
    .default(90)
    .describe("Days that the ledger, its buckets and leases are kept; sums of usage are kept for longer"),
  USAGE_DEADLINE_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(900_000)
    .describe("An admitted call without a usage record for this long is marked unknown, in milliseconds"),
});

/** What an operator command needs: the database alone. */
export const readCommandConfig = () =>
  loadConfig("quota command", z.object(databaseFields), { env: process.env, argv: process.argv.slice(2) });

/** As `readCommandConfig`, for a command with flags of its own. */
export const readDatabaseUrl = () =>
  loadConfig("quota command", z.object(databaseFields), { env: process.env, argv: [] }).DATABASE_URL;
