import type { Secret } from "@topdog/config/secret";
import { isMetadataAddress } from "@topdog/config/address";
import { isPublicAddress } from "@topdog/config/public-address";
import { type DialectId, dialectIds } from "@topdog/dialects/dialect";
import { embeddingTable } from "../domain/embedding-table.ts";
import { modelTable } from "../domain/model-table.ts";
import type { Model, ModelPrice } from "../domain/models.ts";
import { type PriceOverrides, withOverrides } from "./price-overrides.ts";
import type { HttpOptions } from "./provider-http/http-provider.ts";
import { createAzureOpenAiProvider } from "./providers/azure-openai/provider.ts";
import { builtInProviders } from "./providers/built-in.ts";
import { createCustomProvider } from "./providers/custom/provider.ts";
import { createOpenAiCompatibleProvider } from "./providers/openai-compatible/provider.ts";
import { readRefusal } from "./providers/openai-compatible/refusal.ts";
import type { Provider } from "./providers/provider.ts";
import { customUpstream } from "../domain/custom-model.ts";
import { inEveryDialect } from "./translated-provider.ts";
import type { UpstreamOptions } from "./upstreams.ts";

interface PricedModel {
  readonly id: string;
  readonly family?: string | undefined;
  readonly kind?: "embeddings" | undefined;
  /** Both or none: then the price is unknown. */
  readonly promptNanoUsdPerToken?: number | undefined;
  readonly completionNanoUsdPerToken?: number | undefined;
}

export interface MoreUpstream {
  readonly id: string;
  readonly baseUrl: string;
  readonly apiKey: Secret | null;
  /** Absent: every OpenAI model of the table. */
  readonly models?: readonly (string | PricedModel)[] | undefined;
  /** Absent: chat completions and embeddings. */
  readonly dialects?: readonly DialectId[] | undefined;
}

/** A built-in provider as this installation calls it. */
export interface ProviderSetting {
  readonly baseUrl: string;
  /** Null: the platform has no account there, but callers may. */
  readonly apiKey: Secret | null;
}

export interface AzureSetting {
  readonly endpoint: string;
  readonly apiKey: Secret;
  readonly apiVersion: string;
  /** By the model's name: what it is deployed as. */
  readonly deployments: ReadonlyMap<string, string>;
}

export interface PoolOptions {
  readonly sandboxUrls: readonly string[];
  /** By the provider's id: one for each of the built-in ones. */
  readonly providers: ReadonlyMap<string, ProviderSetting>;
  readonly azure: AzureSetting | null;
  readonly more: readonly MoreUpstream[];
  readonly maxConnectionsPerUpstream: number;
  readonly connectTimeoutMs: number;
  readonly prices: PriceOverrides;
}

const knownModels: readonly Model[] = [modelTable, embeddingTable].flatMap((table) => Object.values(table)).flat();
const openAiModels: readonly Model[] = [...modelTable.openai, ...embeddingTable.openai];
const firstLetter = 97;
const withVersion = (url: string): string => (/\/v\d+\/?$/.test(url) ? url : `${url.replace(/\/+$/, "")}/v1`);

const picoPerNano = 1000;

function statedPrice({
  promptNanoUsdPerToken: input,
  completionNanoUsdPerToken: output,
}: PricedModel): ModelPrice | null {
  if (input === undefined || output === undefined) return null;
  const inputPico = input * picoPerNano;
  const cache = { cachedInput: inputPico, cacheWrite: inputPico, hourCacheWrite: inputPico };
  return { usual: { input: inputPico, ...cache, output: output * picoPerNano }, long: null };
}

/** A model of another kind never shares a breaker with those that hold conversations: it is probed otherwise. */
const familyOf = (upstreamId: string, { family = upstreamId, kind }: PricedModel): string =>
  kind === undefined ? family : `${family}-${kind}`;

function modelsOf({ id, models }: MoreUpstream): readonly Model[] {
  if (models === undefined) return openAiModels;
  return models.map((entry) => {
    if (typeof entry !== "string") {
      const named = { id: entry.id, family: familyOf(id, entry), ownedBy: id, created: 0, kind: entry.kind };
      return { ...named, contextTokens: null, maxOutputTokens: null, price: statedPrice(entry) };
    }
    const known = knownModels.find((model) => model.id === entry);
    if (known === undefined) throw new Error(`UPSTREAMS: model ${entry} of ${id} is unknown`);
    return known;
  });
}

const letterOf = (index: number): string => String.fromCodePoint(firstLetter + index);

function sandboxes({ sandboxUrls, ...options }: PoolOptions): UpstreamOptions[] {
  return sandboxUrls.map((url, index) => ({
    id: `sandbox-${letterOf(index)}`,
    provider: compatible(options, withVersion(url), dialectIds),
    credential: null,
    models: [...modelTable.sandbox, ...embeddingTable.sandbox],
  }));
}

type Connections = Pick<PoolOptions, "maxConnectionsPerUpstream" | "connectTimeoutMs">;

const httpOptions = (baseUrl: string, options: Connections): HttpOptions => ({
  baseUrl,
  maxConnections: options.maxConnectionsPerUpstream,
  connectTimeoutMs: options.connectTimeoutMs,
  // Operators may name machines beside this one, but nothing that gives its credentials away.
  mayConnectTo: (address) => !isMetadataAddress(address),
});

const compatible = (options: Connections, baseUrl: string, native: readonly DialectId[]): Provider =>
  createOpenAiCompatibleProvider(httpOptions(baseUrl, options), { native, readRefusal });

/** With the platform's account, or for callers' own alone. */
function builtIn(options: PoolOptions, ofPlatform: boolean): UpstreamOptions[] {
  return builtInProviders.flatMap(({ id, models, create }) => {
    const setting = options.providers.get(id);
    if (setting === undefined || (setting.apiKey !== null) !== ofPlatform) return [];
    return [{ id, provider: create(httpOptions(setting.baseUrl, options)), credential: setting.apiKey, models }];
  });
}

function azure({ azure: setting, ...options }: PoolOptions): UpstreamOptions[] {
  if (setting === null) return [];
  const { endpoint, apiKey, apiVersion, deployments } = setting;
  const http = httpOptions(endpoint, options);
  const models = modelTable.openai.filter(({ id }) => deployments.has(id));
  const provider = createAzureOpenAiProvider({ ...http, apiVersion, deployments });
  return [{ id: "azure-openai", provider, credential: apiKey, models }];
}

const more = ({ more: upstreams, ...options }: PoolOptions): UpstreamOptions[] =>
  upstreams.map((upstream) => ({
    id: upstream.id,
    provider: compatible(options, upstream.baseUrl, upstream.dialects ?? ["openai-chat", "openai-embeddings"]),
    credential: upstream.apiKey,
    models: modelsOf(upstream),
  }));

/** Endpoints of callers' own. What fails there is theirs alone: nobody else's calls go there. */
const custom = ({ maxConnectionsPerUpstream: maxConnections, connectTimeoutMs }: Connections): UpstreamOptions => ({
  id: customUpstream,
  provider: createCustomProvider({
    maxConnections,
    connectTimeoutMs,
    mayConnectTo: isPublicAddress,
    schemes: ["https:"],
  }),
  credential: null,
  models: [],
});

const asOffered =
  ({ prices }: PoolOptions) =>
  ({ id, provider, models, ...rest }: UpstreamOptions): UpstreamOptions => ({
    ...rest,
    id,
    provider: inEveryDialect(provider),
    models: withOverrides(id, models, prices),
  });

/** Every upstream that the platform has an account at, sandboxes as sandbox-a, sandbox-b, … */
export const upstreamPool = (options: PoolOptions): UpstreamOptions[] =>
  [...sandboxes(options), ...builtIn(options, true), ...azure(options), ...more(options)].map(asOffered(options));

/** Upstreams that callers may use with credentials of their own, and no others. */
export const byokOnlyUpstreams = (options: PoolOptions): UpstreamOptions[] =>
  [...builtIn(options, false), custom(options)].map(asOffered(options));
