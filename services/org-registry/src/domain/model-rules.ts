import type { ModelRules } from "@topdog/contracts/model-rules";

export const noRules: ModelRules = {
  allowedModels: null,
  deniedModels: null,
  allowedProviders: null,
  deniedProviders: null,
};

export const isRuled = (rules: ModelRules): boolean => Object.values(rules).some((list) => list !== null);

/** As the audit log shows them. */
export const toFacts = (rules: ModelRules): Readonly<Record<string, string | null>> =>
  Object.fromEntries(Object.entries(rules).map(([name, list]) => [name, list === null ? null : list.join(", ")]));
