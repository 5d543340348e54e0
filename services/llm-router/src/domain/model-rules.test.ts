import { expect, test } from "@jest/globals";
import type { ModelRules } from "@topdog/contracts/model-rules";
import { rulesAllow, rulesAllowName } from "./model-rules.ts";

const none: ModelRules = { allowedModels: null, deniedModels: null, allowedProviders: null, deniedProviders: null };
const may = (rules: Partial<ModelRules> | null, asked = "m", modelId = asked, upstreamId = "openai"): boolean =>
  rulesAllow(rules === null ? null : { ...none, ...rules }, asked, modelId, upstreamId);

test("without rules everything is allowed, and a denial beats an allowance", () => {
  expect([may(null), may({}), may({ allowedModels: ["m"] }), may({ allowedModels: ["n"] })]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(may({ allowedModels: ["m"], deniedModels: ["m"] })).toBe(false);
  expect(may({ allowedProviders: ["openai"], deniedProviders: ["openai"] })).toBe(false);
});

test("an alias is ruled about by its own name and by the models that it stands for", () => {
  expect(may({ allowedModels: ["fast"] }, "fast", "gpt-5-mini")).toBe(true);
  expect(may({ allowedModels: ["gpt-5-mini"] }, "fast", "gpt-5-mini")).toBe(true);
  expect(may({ deniedModels: ["fast"] }, "fast", "gpt-5-mini")).toBe(false);
  expect(may({ deniedModels: ["gpt-5-mini"] }, "fast", "gpt-5-mini")).toBe(false);
  const rules = { ...none, deniedModels: ["gpt-5-mini"] };
  expect(rulesAllowName(rules, "fast", ["gpt-5-mini", "claude-haiku-4-5"])).toBe(true);
  expect(rulesAllowName(rules, "fast", ["gpt-5-mini"])).toBe(false);
});

test("a provider is ruled about by its own name, all sandboxes by one", () => {
  expect(may({ allowedProviders: ["groq"] })).toBe(false);
  for (const name of ["sandbox", "sandbox-a"]) {
    expect(may({ allowedProviders: [name] }, "m", "m", "sandbox-a")).toBe(true);
    expect(may({ deniedProviders: [name] }, "m", "m", "sandbox-a")).toBe(false);
  }
  expect(may({ deniedProviders: ["sandbox-b"] }, "m", "m", "sandbox-a")).toBe(true);
});
