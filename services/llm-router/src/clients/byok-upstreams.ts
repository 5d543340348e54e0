import type { DialectId } from "@topdog/dialects/dialect";
import { customModel, customUpstream } from "../domain/custom-model.ts";
import type { Model } from "../domain/models.ts";
import { createModelCatalog, type Offer } from "../domain/model-catalog.ts";
import { byokProviderOf } from "../domain/provider-name.ts";
import type { RoutingPolicy } from "../domain/routing-policy.ts";
import type { UpstreamOptions } from "./upstreams.ts";

export interface ByokOffers {
  /** By provider: the upstreams that serve a model in a dialect with a caller's credential. Empty when none does. */
  of(modelId: string, dialect: DialectId): ReadonlyMap<string, readonly Offer[]>;
  upstreamsOf(provider: string): readonly UpstreamOptions[];
}

export function createByokOffers(upstreams: readonly UpstreamOptions[], policy: RoutingPolicy): ByokOffers {
  const catalog = createModelCatalog(
    upstreams.map(({ id, models, provider: { dialects, native } }) => ({ id, models, dialects, native })),
    policy,
  );
  const custom = upstreams.find(({ id }) => id === customUpstream)?.provider;
  const isServed = (modelId: string): boolean => catalog.models.some(({ id }: Model) => id === modelId);
  return {
    of(modelId, dialect) {
      const known = isServed(modelId) ? catalog.offersOf(modelId, dialect) : [];
      const offers = Map.groupBy(known, ({ upstreamId }) => byokProviderOf(upstreamId));
      if (custom?.dialects.includes(dialect) === true) {
        const native = custom.native.includes(dialect);
        offers.set(customUpstream, [
          { model: customModel(modelId), upstreamId: customUpstream, native, rank: 0, weight: null },
        ]);
      }
      return offers;
    },
    upstreamsOf: (provider) => upstreams.filter(({ id }) => byokProviderOf(id) === provider),
  };
}
