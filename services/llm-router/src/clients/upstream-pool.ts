import type { Secret } from "@topdog/config/secret";
import { type DialectId, dialectIds } from "@topdog/dialects/dialect";
import { type Model, openAiModels, sandboxModels } from "../domain/models.ts";
import { createOpenAiProvider } from "./providers/openai/provider.ts";
import { inEveryDialect } from "./translated-provider.ts";
import type { UpstreamOptions } from "./upstreams.ts";

type PricedModel = Pick<Model, "id" | "promptNanoUsdPerToken" | "completionNanoUsdPerToken"> & {
  readonly family?: string | undefined;
};

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
}

const builtInModels: readonly Model[] = [...openAiModels, ...sandboxModels];
const firstLetter = 97;
const withVersion = (url: string): string => (/\/v\d+\/?$/.test(url) ? url : `${url.replace(/\/+$/, "")}/v1`);

function modelsOf({ id, models }: MoreUpstream): readonly Model[] {
  if (models === undefined) return openAiModels;
  return models.map((entry) => {
    if (typeof entry !== "string") return { ...entry, family: entry.family ?? id, ownedBy: id, created: 0 };
    const known = builtInModels.find((model) => model.id === entry);
    if (known === undefined) throw new Error(`UPSTREAMS: model ${entry} of ${id} is unknown: state its prices`);
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
  return [
    ...options.sandboxUrls.map((url, index) => ({
      id: `sandbox-${String.fromCodePoint(firstLetter + index)}`,
      provider: provider(withVersion(url), dialectIds),
      credential: null,
      models: sandboxModels,
    })),
    ...(openAi === null
      ? []
      : [{ id: "openai", provider: provider(openAi.baseUrl), credential: openAi.apiKey, models: openAiModels }]),
    ...options.more.map((upstream) => ({
      id: upstream.id,
      provider: provider(upstream.baseUrl),
      credential: upstream.apiKey,
      models: modelsOf(upstream),
    })),
  ];
}
