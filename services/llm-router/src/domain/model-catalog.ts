import type { DialectId } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { Model } from "./models.ts";
import { noPolicy, type RoutingPolicy, weightOf } from "./routing-policy.ts";

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
  /** Place of the model among those that the asked name stands for, from 0. */
  readonly rank: number;
  /** Its share among upstreams that have one; null: price and latency decide. */
  readonly weight: number | null;
}

export interface ModelCatalog {
  /** What some upstream serves, in a fixed order. */
  readonly models: readonly Model[];
  /** Throws AppError model_not_found. */
  find(modelId: string): Model;
  /** The models that a name stands for: itself, unless it is an alias. */
  targetsOf(name: string): readonly string[];
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

/** Names that stand for other models are offered like those, the first one's first. */
function addAliases(
  aliases: RoutingPolicy["aliases"],
  models: Map<string, Model>,
  offers: ReadonlyMap<DialectId, Map<string, Offer[]>>,
): void {
  for (const [name, targets] of Object.entries(aliases)) {
    const first = targets.map((target) => models.get(target)).find((model) => model !== undefined);
    if (first === undefined) continue;
    models.set(name, { ...first, id: name });
    for (const byModel of offers.values()) {
      const found = targets.flatMap((target, rank) => (byModel.get(target) ?? []).map((offer) => ({ ...offer, rank })));
      if (found.length > 0) byModel.set(name, found);
    }
  }
}

export function createModelCatalog(
  upstreams: readonly UpstreamModels[],
  policy: Pick<RoutingPolicy, "aliases" | "weights"> = noPolicy,
): ModelCatalog {
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
        const native = upstream.native.includes(dialect);
        known.push({
          model,
          upstreamId: upstream.id,
          native,
          rank: 0,
          weight: weightOf(policy, upstream.id, model.id),
        });
        byModel.set(model.id, known);
      }
    }
  }
  // Callers may write any name: an object has some of its own, as `constructor`.
  const aliases = new Map(Object.entries(policy.aliases));
  addAliases(policy.aliases, models, offers);
  return {
    targetsOf: (name) => aliases.get(name) ?? [name],
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
