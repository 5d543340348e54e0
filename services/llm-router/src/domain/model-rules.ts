import type { ModelRules } from "@topdog/contracts/model-rules";
import { byokProviderOf } from "./provider-name.ts";

const isAmong = (list: readonly string[] | null, ...names: readonly string[]): boolean =>
  list !== null && names.some((name) => list.includes(name));

/** Whether a call that asks for `asked` may be answered by the model that it stands for. Either name may be ruled about. */
function allowsModel({ allowedModels, deniedModels }: ModelRules, asked: string, modelId: string): boolean {
  if (isAmong(deniedModels, asked, modelId)) return false;
  return allowedModels === null || isAmong(allowedModels, asked, modelId);
}

/** An upstream is known by its own name and by that of its provider. */
function allowsUpstream({ allowedProviders, deniedProviders }: ModelRules, upstreamId: string): boolean {
  const names = [upstreamId, byokProviderOf(upstreamId)];
  return !isAmong(deniedProviders, ...names) && (allowedProviders === null || isAmong(allowedProviders, ...names));
}

/** Null: an org without rules, or no org. */
export const rulesAllow = (rules: ModelRules | null, asked: string, modelId: string, upstreamId: string): boolean =>
  rules === null || (allowsModel(rules, asked, modelId) && allowsUpstream(rules, upstreamId));

/** Whether anything that the name stands for is allowed; `targets`: the models, the name itself for one. */
export const rulesAllowName = (rules: ModelRules | null, asked: string, targets: readonly string[]): boolean =>
  rules === null || targets.some((modelId) => allowsModel(rules, asked, modelId));
