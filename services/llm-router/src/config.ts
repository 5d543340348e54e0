import { readFileSync } from "node:fs";
import { linkTlsFields } from "@topdog/call-link/tls-files";
import { publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { httpUrl, urlList } from "@topdog/config/address";
import { commonFields } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { Secret, secretSchema } from "@topdog/config/secret";
import { dialectIds } from "@topdog/dialects/dialect";
import { busFields, operatorFields, processFields } from "@topdog/service/fields";
import { vaultKeysField } from "@topdog/vault/keyring";
import { z } from "zod";
import { modelTable } from "./domain/model-table.ts";
import { type PriceOverrides, priceOverridesSchema } from "./clients/price-overrides.ts";
import type { AzureSetting, PoolOptions } from "./clients/upstream-pool.ts";
import { providerFields, providerSettings } from "./clients/provider-fields.ts";

const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const milliseconds = (most: number) => wholeNumber(1, most);
const mebibyte = 1024 * 1024;

const upstreamId = z.string().regex(/^[a-z0-9-]{1,40}$/, "must be lower case letters, digits and dashes");

const pricedModel = z.strictObject({
  id: z.string().min(1).max(100),
  family: z.string().min(1).max(40).optional(),
  kind: z.literal("embeddings").optional(),
  promptNanoUsdPerToken: z.int().min(0).optional(),
  completionNanoUsdPerToken: z.int().min(0).optional(),
});

/** One more OpenAI-compatible upstream. Models: ids of the built-in table, or new ones with their prices. */
const upstreamSchema = z.strictObject({
  id: upstreamId,
  baseUrl: httpUrl,
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*_API_KEY$/, "must end in _API_KEY: no other secret of this process goes to a provider")
    .optional(),
  models: z
    .array(z.union([z.string(), pricedModel]))
    .min(1)
    .optional(),
  /** What it speaks; chat completions by default. */
  dialects: z.array(z.enum(dialectIds)).min(1).optional(),
});

/** By model: its deployment. */
const deployments = z
  .string()
  .regex(/^[\w.-]+(=[\w.-]+)?(,[\w.-]+(=[\w.-]+)?)*$/, "must be models, or model=deployment, separated by commas")
  .transform((text) => {
    const pairs = text.split(",").map((one) => one.split("="));
    return new Map(pairs.map(([model = "", deployment = model]) => [model, deployment]));
  });

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});

const sandboxes = urlList(["http", "https"], 26);

export const configSchema = z.object({
  ...processFields("llm-router"),
  ...busFields,
  ...operatorFields,
  LINK_HOST: z.string().default("127.0.0.1").describe("Address to listen on for gateways"),
  LINK_PORT: wholeNumber(0, 65_535).default(8094).describe("Port for gateways: the call link; 0 takes a free one"),
  ...linkTlsFields,
  ROUTER_SIGNING_KEY: signingKeyField.describe(
    "Proves to gateways that this is a router: a private Ed25519 key as a JWK with its kid",
  ),
  CALLER_PUBLIC_KEYS: publicKeysField.describe("Prove that a gateway is one: a JWK set, two keys during a rotation"),
  ROUTER_ID: z.string().min(1).max(64).default("router-1").describe("Name of this instance in provider.state_changed"),
  VAULT_KEYS: vaultKeysField,
  DATABASE_URL: commonFields.DATABASE_URL.optional().describe(
    "Postgres database of this service, with its role and password; unset: no response is stored, no answer cached, no Idempotency-Key taken",
  ),
  DATABASE_CONNECTIONS: wholeNumber(1, 100).default(10).describe("Connections to the database"),
  MAX_KEPT_ANSWER_BYTES: wholeNumber(1024, 64 * mebibyte)
    .default(4 * mebibyte)
    .describe("Longest answer that is kept, with its input if it is a stored response"),
  MAX_HELD_ANSWERS_BYTES: wholeNumber(mebibyte, 64 * 1024 * mebibyte)
    .default(128 * mebibyte)
    .describe("Answers that are on their way to being kept, all together; beyond it they are delivered and not kept"),
  MAX_KEPT_ANSWERS: wholeNumber(1, 1_000_000)
    .default(1000)
    .describe("Answers that are kept of one caller for one purpose; the oldest go first"),
  RESPONSE_RETENTION_HOURS: wholeNumber(1, 8784).default(720).describe("How long a stored response is kept"),
  IDEMPOTENCY_HOURS: wholeNumber(1, 168).default(24).describe("How long the answer of an Idempotency-Key is kept"),
  MAX_BYOK_CREDENTIALS: wholeNumber(1, 10_000_000)
    .default(50_000)
    .describe("Sealed credentials of callers that are kept in memory; those that were used last stay"),
  SPOOL_DIR: z
    .string()
    .min(1)
    .describe("Folder of the usage spool; this process alone owns it, and it must survive a restart"),
  SPOOL_MAX_BYTES: wholeNumber(mebibyte, 64 * 1024 * mebibyte)
    .default(256 * mebibyte)
    .describe("Bound of the spool; beyond it new calls are refused"),
  SPOOL_SEGMENT_BYTES: wholeNumber(64 * 1024, 256 * mebibyte)
    .default(4 * mebibyte)
    .describe("Size at which the spool begins a new file"),
  SPOOL_KEEP_SHIPPED_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(7 * 86_400_000)
    .default(86_400_000)
    .describe("How long usage stays on disk after the bus has stored it, for `topdog spool reship`, in milliseconds"),
  SPOOL_KEEP_SHIPPED_BYTES: wholeNumber(mebibyte, 64 * 1024 * mebibyte)
    .default(1024 * mebibyte)
    .describe("Of these at most so many bytes: beyond it, and on a full disk, the oldest goes sooner"),
  SPOOL_SHIP_INTERVAL_MS: milliseconds(1000)
    .default(500)
    .describe("How long a usage record waits for others to be published with"),
  SANDBOX_URLS: sandboxes.optional().describe("Sandbox providers, comma-separated base URLs: sandbox-a, sandbox-b, …"),
  ...providerFields(),
  AZURE_OPENAI_API_KEY: secretSchema.optional().describe("Adds the upstream azure-openai, with the two that follow"),
  AZURE_OPENAI_ENDPOINT: httpUrl.optional().describe("Of the resource: https://name.openai.azure.com"),
  AZURE_OPENAI_DEPLOYMENTS: deployments
    .optional()
    .describe(
      "Models that are deployed there, as model=deployment, separated by commas; a model alone is its own deployment",
    ),
  AZURE_OPENAI_API_VERSION: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/, "must be a date, perhaps with -preview")
    .default("2024-10-21")
    .describe("Version of Azure's API"),
  UPSTREAMS: jsonText
    .pipe(z.array(upstreamSchema).max(50))
    .optional()
    .describe(
      "JSON: more OpenAI-compatible upstreams, [{id, baseUrl, apiKeyEnv?, models?, dialects?}]; apiKeyEnv names a variable, X_API_KEY, that holds the key",
    ),
  ROUTING_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('JSON: aliases, weights, rules for tenants and data segments, limits of models; see "Routing"'),
  MODEL_PRICES_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "JSON: what is paid instead of the list price, [{model, upstream?, input, output, cachedInput?, cacheWrite?, hourCacheWrite?}] in USD per million tokens",
    ),
  CONSISTENCY_PROBE_MODEL: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Model that gets a question of ours three times now and then, at the platform's cost, and is judged by how alike its answers are; unset: none does",
    ),
  CONSISTENCY_PROBE_INTERVAL_MS: milliseconds(86_400_000)
    .default(600_000)
    .describe("From one such question to the next"),
  MAX_BODY_BYTES: wholeNumber(1024, 256 * mebibyte)
    .default(32 * mebibyte)
    .describe("Longest request body"),
  MAX_BODIES_BYTES: wholeNumber(mebibyte, 64 * 1024 * mebibyte)
    .default(512 * mebibyte)
    .describe("Request bodies of all running calls together, in bytes; beyond it a call goes to another router"),
  MAX_CALLS: wholeNumber(1, 100_000).default(4096).describe("Calls at once; beyond it a call goes to another router"),
  MAX_CALLS_PER_UPSTREAM: wholeNumber(1, 100_000).default(1024).describe("Calls and connections at once, per upstream"),
  MAX_ATTEMPTS: wholeNumber(1, 10).default(4).describe("Upstreams tried for one call"),
  CONNECT_TIMEOUT_MS: milliseconds(60_000).default(3000).describe("For a connection to an upstream"),
  FIRST_CONTENT_TIMEOUT_MS: milliseconds(600_000)
    .default(120_000)
    .describe("Of a stream, until its first content: reasoning models are silent for a minute"),
  PLAIN_ANSWER_TIMEOUT_MS: milliseconds(900_000).default(600_000).describe("Of a plain answer, until it is whole"),
  INTER_CHUNK_TIMEOUT_MS: milliseconds(600_000).default(120_000).describe("Silence within a stream that ends it"),
  KEEP_ALIVE_MS: milliseconds(600_000).default(15_000).describe("Until a caller of a silent stream gets a comment"),
  CALLER_DRAIN_TIMEOUT_MS: milliseconds(600_000).default(60_000).describe("How long a caller may not read its stream"),
  BREAKER_VOLUME: wholeNumber(1, 10_000)
    .default(5)
    .describe(
      "Results in the window before a breaker can open, and failures of one tenant alone before we ask ourselves",
    ),
  BREAKER_ERROR_PERCENT: wholeNumber(1, 100).default(50).describe("Share of failures that opens it"),
  BREAKER_WINDOW_MS: milliseconds(600_000).default(10_000).describe("The window"),
  BREAKER_RESET_MS: milliseconds(600_000)
    .default(5000)
    .describe("From opening to our trial; doubled after each trial that fails, up to a minute"),
  BREAKER_TRIAL_MS: milliseconds(600_000).default(30_000).describe("A trial that is undecided by then has failed"),
  BREAKER_RAMP_MS: wholeNumber(0, 600_000)
    .default(10_000)
    .describe("From closing until it takes its whole share of calls"),
});
export type RouterConfig = Readonly<z.infer<typeof configSchema>>;

/** Of an operator's command that works on the database alone. */
export const readCommandConfig = () =>
  loadConfig("llm-router command", z.object({ DATABASE_URL: commonFields.DATABASE_URL }), {
    env: process.env,
    argv: process.argv.slice(2),
  });

/** For a command that publishes: who it is on the bus. */
export const readBusConfig = () =>
  loadConfig("llm-router command", z.object(busFields), { env: process.env, argv: [] });

/** The spool that a command looks at, where the environment names one. */
export const readSpoolDir = (): string | undefined =>
  loadConfig("llm-router command", z.object({ SPOOL_DIR: z.string().optional() }), { env: process.env, argv: [] })
    .SPOOL_DIR;

/** Reads a variable that the configuration itself names. */
export type SecretReader = (name: string) => Secret | null;

export const readSecret: SecretReader = (name) => {
  const value = process.env[name];
  return value === undefined || value === "" ? null : Secret.of(value);
};

/** Throws when the file is not what it should be: better at the start than in the ledger. */
function readPrices(path: string | undefined): PriceOverrides {
  if (path === undefined) return [];
  try {
    return priceOverridesSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`MODEL_PRICES_FILE: ${reason}`, { cause: error });
  }
}

/** Null without a key. Throws when it is there and the rest is not. */
function azureSetting(config: RouterConfig): AzureSetting | null {
  const { AZURE_OPENAI_API_KEY: apiKey, AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_DEPLOYMENTS: models } = config;
  if (apiKey === undefined) return null;
  if (endpoint === undefined || models === undefined) {
    throw new Error("AZURE_OPENAI_API_KEY needs AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_DEPLOYMENTS beside it");
  }
  const unknown = [...models.keys()].find((id) => !modelTable.openai.some((model) => model.id === id));
  if (unknown !== undefined) throw new Error(`AZURE_OPENAI_DEPLOYMENTS: the model ${unknown} is unknown`);
  return { endpoint, apiKey, apiVersion: config.AZURE_OPENAI_API_VERSION, deployments: models };
}

/** Throws when an upstream's key is not set: better at the start than at its first call. */
export function poolOptions(config: RouterConfig, readSecret: SecretReader): PoolOptions {
  const keyOf = (name: string | undefined): Secret | null => {
    const key = name === undefined ? null : readSecret(name);
    if (name !== undefined && key === null) throw new Error(`UPSTREAMS: the variable ${name} is not set`);
    return key;
  };
  return {
    sandboxUrls: config.SANDBOX_URLS ?? [],
    providers: providerSettings(config),
    azure: azureSetting(config),
    more: (config.UPSTREAMS ?? []).map(({ apiKeyEnv, ...upstream }) => ({ ...upstream, apiKey: keyOf(apiKeyEnv) })),
    maxConnectionsPerUpstream: config.MAX_CALLS_PER_UPSTREAM,
    connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
    prices: readPrices(config.MODEL_PRICES_FILE),
  };
}
