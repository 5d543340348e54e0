import { openAiErrors } from "./openai-errors.ts";
import type { Operation } from "./operation.ts";

/** GET /v1/models and one of them. */
export const modelsOperation = {
  endpoint: "models",
  method: "GET",
  paths: ["/v1/models", "/v1/models/:model"],
  cost: ["api_calls"],
  errors: openAiErrors,
  passedHeaders: [],
  stream: null,
} as const satisfies Operation;

export interface ListedModel {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
}

export const modelBody = ({ id, created, ownedBy }: ListedModel): object => ({
  id,
  object: "model",
  created,
  owned_by: ownedBy,
});

export const modelListBody = (models: readonly ListedModel[]): object => ({
  object: "list",
  data: models.map(modelBody),
});
