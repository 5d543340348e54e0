import type { ModelCatalog } from "../domain/model-catalog.ts";
import type { Model } from "../domain/models.ts";
import { providerlessUsage } from "../domain/usage-record.ts";
import type { ChatCall, ChatDeps } from "./chat-call.ts";

export interface ApiModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
}

export type ModelsDeps = Pick<ChatDeps, "spool" | "nowMs"> & { readonly catalog: ModelCatalog };

const toApiModel = ({ id, created, ownedBy }: Model): ApiModel => ({ id, object: "model", created, owned_by: ownedBy });

/** Recorded before the answer goes out, like every admitted call. */
async function record(
  deps: ModelsDeps,
  call: ChatCall,
  outcome: "ok" | "rejected",
  model: string | null,
): Promise<void> {
  const result = { endpoint: "models", outcome, model } as const;
  const recorded = await deps.spool.record(providerlessUsage(call.facts, result, deps.nowMs()));
  if (!recorded) call.answer.markUnmetered();
}

export async function listModels(deps: ModelsDeps, call: ChatCall): Promise<{ object: "list"; data: ApiModel[] }> {
  await record(deps, call, "ok", null);
  return { object: "list", data: deps.catalog.models.map(toApiModel) };
}

/** Throws AppError model_not_found. */
export async function findModel(deps: ModelsDeps, call: ChatCall, modelId: string): Promise<ApiModel> {
  try {
    const [offer] = deps.catalog.offersOf(modelId);
    await record(deps, call, "ok", modelId);
    return toApiModel(offer!.model);
  } catch (error) {
    await record(deps, call, "rejected", null);
    throw error;
  }
}
