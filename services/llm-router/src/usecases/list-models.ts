import { type ListedModel, modelsOperation } from "@topdog/dialects/models";
import type { ModelCatalog } from "../domain/model-catalog.ts";
import { toListedModel } from "../domain/listed-model.ts";
import type { Model } from "../domain/models.ts";
import { providerlessUsage } from "../domain/usage-record.ts";
import { type Call, type CallDeps, mayCall, requireAllowed } from "./call.ts";

export type ModelsDeps = Pick<CallDeps, "spool" | "nowMs"> & { readonly catalog: ModelCatalog };

/** Recorded before the answer is sent, like every admitted call. */
async function record(deps: ModelsDeps, call: Call, outcome: "ok" | "rejected", model: string | null): Promise<void> {
  const result = { endpoint: modelsOperation.endpoint, outcome, model };
  const usage = providerlessUsage(call.origin, result, deps.nowMs());
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
}

const listed = ({ catalog }: ModelsDeps, model: Model): ListedModel =>
  toListedModel(model, catalog.dialectsOf(model.id));

/** Those that the caller's key may call. */
export async function listModels(deps: ModelsDeps, call: Call): Promise<readonly ListedModel[]> {
  await record(deps, call, "ok", null);
  const { allowedModels } = call;
  const { models } = deps.catalog;
  const allowed = allowedModels === null ? models : models.filter(({ id }) => mayCall(deps.catalog, allowedModels, id));
  return allowed.map((model) => listed(deps, model));
}

/** Throws AppError model_not_found or model_not_allowed. */
export async function findModel(deps: ModelsDeps, call: Call, modelId: string): Promise<ListedModel> {
  try {
    requireAllowed(deps.catalog, call, modelId);
    const model = deps.catalog.find(modelId);
    await record(deps, call, "ok", modelId);
    return listed(deps, model);
  } catch (error) {
    await record(deps, call, "rejected", null);
    throw error;
  }
}
