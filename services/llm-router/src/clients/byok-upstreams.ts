import type { DialectId } from "@topdog/dialects/dialect";
import type { Model } from "../domain/models.ts";
import { createModelCatalog, type Offer } from "../domain/model-catalog.ts";
import { modelTable } from "../domain/model-table.ts";
import { createOpenAiProvider, type OpenAiProviderOptions } from "./providers/openai/provider.ts";
import { inEveryDialect } from "./translated-provider.ts";
import type { UpstreamOptions } from "./upstreams.ts";

/** Upstreams that callers may use with credentials of their own, and no others: the platform has none there. */
export function byokOnlyUpstreams(pool: readonly UpstreamOptions[], openAi: OpenAiProviderOptions): UpstreamOptions[] {
  if (pool.some(({ id }) => id === "openai")) return [];
  return [
    {
      id: "openai",
      provider: inEveryDialect(createOpenAiProvider(openAi)),
      credential: null,
      models: modelTable.openai,
    },
  ];
}

/** Which provider's credentials an upstream takes: all sandboxes take those of `sandbox`. */
export const byokProviderOf = (upstreamId: string): string =>
  upstreamId.startsWith("sandbox-") ? "sandbox" : upstreamId;

export interface ByokOffers {
  /** By provider: the upstreams that serve a model in a dialect with a caller's credential. Empty when none does. */
  of(modelId: string, dialect: DialectId): ReadonlyMap<string, readonly Offer[]>;
  upstreamsOf(provider: string): readonly UpstreamOptions[];
}

const none: ReadonlyMap<string, readonly Offer[]> = new Map();

export function createByokOffers(upstreams: readonly UpstreamOptions[]): ByokOffers {
  const catalog = createModelCatalog(
    upstreams.map(({ id, models, provider }) => ({ id, models, dialects: provider.dialects })),
  );
  const isServed = (modelId: string): boolean => catalog.models.some(({ id }: Model) => id === modelId);
  return {
    of(modelId, dialect) {
      if (!isServed(modelId)) return none;
      return Map.groupBy(catalog.offersOf(modelId, dialect), ({ upstreamId }) => byokProviderOf(upstreamId));
    },
    upstreamsOf: (provider) => upstreams.filter(({ id }) => byokProviderOf(id) === provider),
  };
}
