import { z } from "zod";
import { byokProviderSchema } from "./byok.ts";
import { allowedModelsSchema } from "./key-restrictions.ts";

const maxProviders = 50;
const providersSchema = z.array(byokProviderSchema).min(1).max(maxProviders);

/** What an org's calls may be served by. Null: no such rule. A denial beats an allowance. */
export const modelRulesSchema = z.object({
  /** Names as callers write them in a request, or the models' own. */
  allowedModels: allowedModelsSchema.nullable(),
  deniedModels: allowedModelsSchema.nullable(),
  /** As `x-topdog-provider` names them. */
  allowedProviders: providersSchema.nullable(),
  deniedProviders: providersSchema.nullable(),
});
export type ModelRules = z.infer<typeof modelRulesSchema>;
