import { z } from "zod";
import { httpUrl, refuseAddress, urlList } from "./address.ts";
import { Secret } from "./secret.ts";

const natsServersMax = 16;

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** Where people reach the platform: without TLS only on their own machine, for a session's cookie must not be overheard. */
export const publicUrlField = httpUrl
  .transform((url, context) => {
    const { protocol, hostname, origin } = new URL(url);
    if (protocol === "https:" || loopbackHosts.includes(hostname)) return origin;
    context.addIssue({ code: "custom", message: "must start with https://, except on this machine (127.0.0.1)" });
    return z.NEVER;
  })
  .prefault("http://127.0.0.1:8080")
  .describe("Where browsers reach the site, as scheme, host and port: https://, except on this machine");

/** How a process reaches the bus, and who it is there. */
export const busFields = {
  NATS_URL: urlList(["nats", "tls"], natsServersMax)
    .transform((urls) => urls.join(","))
    .prefault("nats://127.0.0.1:8422")
    .describe("NATS server; several, separated by commas"),
  NATS_NKEY_SEED: z
    .string()
    .regex(/^SU[A-Z2-7]{56}$/, "must be the seed of a user's nkey: SU and 56 characters")
    .transform(Secret.of)
    .describe("Who this process is on the bus: the seed of its nkey"),
  NATS_TLS_CA_FILE: z.string().optional().describe("PEM file of the authority that signed the bus's certificate"),
  NATS_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe("PEM file of this process's certificate, when the bus asks for one"),
  NATS_TLS_KEY_FILE: z.string().optional().describe("PEM file of that certificate's key"),
  POD_LABELS_FILE: z
    .string()
    .optional()
    .describe(
      "File of this pod's labels: its role in a release says whether it takes events from the bus; unset: all it can",
    ),
};

/** Variables that several services have: each picks what it uses. Names, meanings and units stay the same everywhere. */
export const commonFields = {
  HTTP_HOST: z.string().default("127.0.0.1").describe("Address to listen on"),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).describe("Port to listen on; 0 takes a free one"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("Least severe log line that is written"),
  ...busFields,
  DATABASE_URL: z
    .string()
    .superRefine(refuseAddress(["postgres", "postgresql"]))
    .transform(Secret.of)
    .describe("Postgres database of this service, with its role and password; migrations: with its owner's"),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional().describe("OTLP HTTP endpoint for traces; unset: no traces"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1).describe("Share of traces that is kept, 0 to 1"),
  NODE_ENV: z
    .enum(["production", "development", "test"])
    .optional()
    .describe(
      "production: a database without a password, with one that can be guessed, or that may forget what it committed, is refused",
    ),
  SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(30_000)
    .describe("How long requests in flight may go on after SIGTERM, in milliseconds"),
};
