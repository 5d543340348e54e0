import { processFields } from "@topdog/service/fields";
import { z } from "zod";

export const configSchema = z.object({
  ...processFields("sandbox-provider"),
  TTFT_MS: z.coerce.number().int().min(0).max(60_000).default(120).describe("Time to the first token, milliseconds"),
  TOKEN_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(25)
    .describe("Time between tokens, milliseconds"),
  CALL_LOG_ENTRIES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .describe("Calls kept for GET /_log; the oldest go first"),
});
