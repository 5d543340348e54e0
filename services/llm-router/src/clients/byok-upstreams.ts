import type { DialectId } from "@topdog/dialects/dialect";
import type { Model } from "../domain/models.ts";
import { createModelCatalog, type Offer } from "../domain/model-catalog.ts";
import type { UpstreamOptions } from "./upstreams.ts";

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
    upstreams.map(({ id, models, provider: { dialects, native } }) => ({ id, models, dialects, native })),
  );
  const isServed = (modelId: string): boolean => catalog.models.some(({ id }: Model) => id === modelId);
  return {
    of(modelId, dialect) {
      if (!isServed(modelId) || !catalog.dialectsOf(modelId).includes(dialect)) return none;
      return Map.groupBy(catalog.offersOf(modelId, dialect), ({ upstreamId }) => byokProviderOf(upstreamId));
    },
    upstreamsOf: (provider) => upstreams.filter(({ id }) => byokProviderOf(id) === provider),
  };
}
