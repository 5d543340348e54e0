import type { DialectId } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { Model } from "./models.ts";

/** What choosing an upstream needs to know of it. */
export interface UpstreamModels {
  readonly id: string;
  readonly models: readonly Model[];
  /** Those that its provider takes calls of, and those of them that it speaks itself. */
  readonly dialects: readonly DialectId[];
  readonly native: readonly DialectId[];
}

export interface Offer {
  readonly model: Model;
  readonly upstreamId: string;
  /** The provider speaks the caller's dialect: the call passes through as it is. */
  readonly native: boolean;
}

export interface ModelCatalog {
  /** What some upstream serves, in a fixed order. */
  readonly models: readonly Model[];
  /** Throws AppError model_not_found. */
  find(modelId: string): Model;
  /** In which dialects some upstream serves the model. */
  dialectsOf(modelId: string): readonly DialectId[];
  /** Every upstream that serves the model in this dialect, with its own price. Throws AppError model_not_found. */
  offersOf(modelId: string, dialect: DialectId): readonly Offer[];
}

function notFound(modelId: string, where: string): AppError {
  const shown = modelId.length > 100 ? `${modelId.slice(0, 100)}…` : modelId;
  return new AppError("model_not_found", { detail: `The model '${shown}' does not exist${where}.`, param: "model" });
}

/** Vectors are asked for in a dialect of their own. */
const isMadeIn = ({ kind }: Model, dialect: DialectId): boolean =>
  (kind === "embeddings") === (dialect === "openai-embeddings");

export function createModelCatalog(upstreams: readonly UpstreamModels[]): ModelCatalog {
  const models = new Map<string, Model>();
  const offers = new Map<DialectId, Map<string, Offer[]>>();
  for (const upstream of upstreams) {
    for (const model of upstream.models) if (!models.has(model.id)) models.set(model.id, model);
    for (const dialect of upstream.dialects) {
      const byModel = offers.get(dialect) ?? new Map<string, Offer[]>();
      offers.set(dialect, byModel);
      for (const model of upstream.models) {
        if (!isMadeIn(model, dialect)) continue;
        const known = byModel.get(model.id) ?? [];
        known.push({ model, upstreamId: upstream.id, native: upstream.native.includes(dialect) });
        byModel.set(model.id, known);
      }
    }
  }
  return {
    models: [...models.values()],
    find(modelId) {
      const found = models.get(modelId);
      if (found === undefined) throw notFound(modelId, "");
      return found;
    },
    dialectsOf: (modelId) => [...offers].flatMap(([dialect, byModel]) => (byModel.has(modelId) ? [dialect] : [])),
    offersOf(modelId, dialect) {
      const found = offers.get(dialect)?.get(modelId);
      if (found === undefined) throw notFound(modelId, models.has(modelId) ? " at this address" : "");
      return found;
    },
  };
}
