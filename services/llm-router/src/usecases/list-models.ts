import type { DialectId } from "@topdog/dialects/dialect";
import { type ListedModel, modelsOperation } from "@topdog/dialects/models";
import type { ModelCatalog } from "../domain/model-catalog.ts";
import { toListedModel } from "../domain/listed-model.ts";
import type { Model } from "../domain/models.ts";
import { providerlessUsage } from "../domain/usage-record.ts";
import { type Call, type CallDeps, mayCall, requireAllowed } from "./call.ts";
import { notPermitted, permitted } from "./choose-routes.ts";

export type ModelsDeps = Pick<CallDeps, "spool" | "nowMs" | "policy"> & { readonly catalog: ModelCatalog };

/** Before the answer is sent. It costs nothing: only gateways of the release before charge it. */
async function record(deps: ModelsDeps, call: Call, outcome: "ok" | "rejected", model: string | null): Promise<void> {
  if (call.origin.charges.length === 0) return;
  const result = { endpoint: modelsOperation.endpoint, outcome, model };
  const usage = providerlessUsage(call.origin, result, deps.nowMs());
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
}

/** Where this caller may call the model: some upstream that serves it there is allowed by all rules. */
function dialectsFor(deps: ModelsDeps, call: Call, modelId: string): readonly DialectId[] {
  const { origin, allowedModels, modelRules: rules } = call;
  const models = allowedModels === null || allowedModels.includes(modelId) ? null : allowedModels;
  const caller = { userId: origin.userId, orgId: origin.orgId, segment: "general", models, rules } as const;
  const { catalog } = deps;
  return catalog
    .dialectsOf(modelId)
    .filter((dialect) => permitted(deps, caller, modelId, catalog.offersOf(modelId, dialect)).length > 0);
}

/** Those that the caller may call. */
export async function listModels(deps: ModelsDeps, call: Call): Promise<readonly ListedModel[]> {
  await record(deps, call, "ok", null);
  const { models } = deps.catalog;
  return models.flatMap((model) => {
    if (!mayCall(deps.catalog, call, model.id)) return [];
    const dialects = dialectsFor(deps, call, model.id);
    return dialects.length === 0 ? [] : [toListedModel(model, dialects)];
  });
}

/** Throws AppError model_not_found or model_not_allowed. */
export async function findModel(deps: ModelsDeps, call: Call, modelId: string): Promise<ListedModel> {
  let model: Model;
  let dialects: readonly DialectId[];
  try {
    requireAllowed(deps.catalog, call, modelId);
    model = deps.catalog.find(modelId);
    dialects = dialectsFor(deps, call, modelId);
    if (dialects.length === 0) throw notPermitted("general");
  } catch (error) {
    await record(deps, call, "rejected", null);
    throw error;
  }
  await record(deps, call, "ok", modelId);
  return toListedModel(model, dialects);
}
