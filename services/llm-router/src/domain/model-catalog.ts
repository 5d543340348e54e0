import { AppError } from "@topdog/errors/app-error";
import type { Model } from "./models.ts";

/** An upstream, as far as choosing one goes. */
export interface UpstreamModels {
  readonly id: string;
  readonly models: readonly Model[];
}

export interface Offer {
  readonly model: Model;
  readonly upstreamId: string;
}

export interface ModelCatalog {
  /** What some upstream serves, in a fixed order. */
  readonly models: readonly Model[];
  /** Every upstream that serves the model, with its own price. Throws AppError model_not_found. */
  offersOf(modelId: string): readonly Offer[];
}

export function createModelCatalog(upstreams: readonly UpstreamModels[]): ModelCatalog {
  const offers = new Map<string, Offer[]>();
  for (const upstream of upstreams) {
    for (const model of upstream.models) {
      const known = offers.get(model.id) ?? [];
      known.push({ model, upstreamId: upstream.id });
      offers.set(model.id, known);
    }
  }
  return {
    models: [...offers.values()].map(([first]) => first!.model),
    offersOf(modelId) {
      const found = offers.get(modelId);
      if (found !== undefined) return found;
      const shown = modelId.length > 100 ? `${modelId.slice(0, 100)}…` : modelId;
      throw new AppError("model_not_found", { detail: `The model '${shown}' does not exist.`, param: "model" });
    },
  };
}
