import type { Secret } from "@topdog/config/secret";
import { type DialectId, dialectIds } from "@topdog/dialects/dialect";
import { modelTable } from "../domain/model-table.ts";
import type { Model, ModelPrice } from "../domain/models.ts";
import { type PriceOverrides, withOverrides } from "./price-overrides.ts";
import { createOpenAiProvider } from "./providers/openai/provider.ts";
import { inEveryDialect } from "./translated-provider.ts";
import type { UpstreamOptions } from "./upstreams.ts";

interface PricedModel {
  readonly id: string;
  readonly family?: string | undefined;
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
}

export interface PoolOptions {
  readonly sandboxUrls: readonly string[];
  readonly openAi: { readonly baseUrl: string; readonly apiKey: Secret } | null;
  readonly more: readonly MoreUpstream[];
  readonly maxConnectionsPerUpstream: number;
  readonly connectTimeoutMs: number;
  readonly prices: PriceOverrides;
}

const builtInModels: readonly Model[] = [...modelTable.openai, ...modelTable.sandbox];
const firstLetter = 97;
const withVersion = (url: string): string => (/\/v\d+\/?$/.test(url) ? url : `${url.replace(/\/+$/, "")}/v1`);

const picoPerNano = 1000;

function statedPrice({
  promptNanoUsdPerToken: input,
  completionNanoUsdPerToken: output,
}: PricedModel): ModelPrice | null {
  if (input === undefined || output === undefined) return null;
  const inputPico = input * picoPerNano;
  const usual = { input: inputPico, cachedInput: inputPico, cacheWrite: inputPico, output: output * picoPerNano };
  return { usual, long: null };
}

function modelsOf({ id, models }: MoreUpstream): readonly Model[] {
  if (models === undefined) return modelTable.openai;
  return models.map((entry) => {
    if (typeof entry !== "string") {
      const named = { id: entry.id, family: entry.family ?? id, ownedBy: id, created: 0 };
      return { ...named, contextTokens: null, maxOutputTokens: null, price: statedPrice(entry) };
    }
    const known = builtInModels.find((model) => model.id === entry);
    if (known === undefined) throw new Error(`UPSTREAMS: model ${entry} of ${id} is unknown`);
    return known;
  });
}

/** Every upstream that the configuration names, sandboxes as sandbox-a, sandbox-b, … */
export function upstreamPool(options: PoolOptions): UpstreamOptions[] {
  const provider = (baseUrl: string, spoken: readonly DialectId[] = ["openai-chat"]) =>
    inEveryDialect(
      createOpenAiProvider({
        baseUrl,
        maxConnections: options.maxConnectionsPerUpstream,
        connectTimeoutMs: options.connectTimeoutMs,
        dialects: spoken,
      }),
    );
  const { openAi } = options;
  const pool: UpstreamOptions[] = [
    ...options.sandboxUrls.map((url, index) => ({
      id: `sandbox-${String.fromCodePoint(firstLetter + index)}`,
      provider: provider(withVersion(url), dialectIds),
      credential: null,
      models: modelTable.sandbox,
    })),
    ...(openAi === null
      ? []
      : [{ id: "openai", provider: provider(openAi.baseUrl), credential: openAi.apiKey, models: modelTable.openai }]),
    ...options.more.map((upstream) => ({
      id: upstream.id,
      provider: provider(upstream.baseUrl),
      credential: upstream.apiKey,
      models: modelsOf(upstream),
    })),
  ];
  return pool.map((upstream) => ({
    ...upstream,
    models: withOverrides(upstream.id, upstream.models, options.prices),
  }));
}
