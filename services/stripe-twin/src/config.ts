import { secretSchema } from "@topdog/config/secret";
import { processFields } from "@topdog/service/fields";
import { z } from "zod";

export const configSchema = z.object({
  ...processFields("stripe-twin"),
  DATA_DIR: z.string().min(1).optional().describe("Folder that keeps the state; unset: it is lost at the stop"),
  CLOCK: z
    .enum(["running", "manual"])
    .default("running")
    .describe("manual: time stands still until POST /_twin/clock/advance"),
  TWIN_PUBLIC_URL: z
    .url()
    .optional()
    .describe("Where browsers reach the hosted pages; unset: the address that this process listens on"),
  WEBHOOK_URL: z.url().optional().describe("Receives the events, beside endpoints made by the API; unset: none"),
  STRIPE_WEBHOOK_SECRET: secretSchema.optional().describe("Signs what goes to WEBHOOK_URL"),
  WEBHOOK_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe("How long a receiver may take, in milliseconds"),
});
