import { loadConfig } from "@topdog/config/load";
import { commonFields } from "@topdog/config/fields";
import { z } from "zod";

export const configSchema = z.object({
  HTTP_HOST: commonFields.HTTP_HOST,
  HTTP_PORT: commonFields.HTTP_PORT.default(8091),
  LOG_LEVEL: commonFields.LOG_LEVEL,
  OTEL_EXPORTER_OTLP_ENDPOINT: commonFields.OTEL_EXPORTER_OTLP_ENDPOINT,
  OTEL_TRACES_SAMPLER_ARG: commonFields.OTEL_TRACES_SAMPLER_ARG,
  SHUTDOWN_GRACE_MS: commonFields.SHUTDOWN_GRACE_MS,
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
export type SandboxConfig = Readonly<z.infer<typeof configSchema>>;

export const readServiceConfig = (): SandboxConfig =>
  loadConfig("sandbox-provider", configSchema, { env: process.env, argv: process.argv.slice(2) });
