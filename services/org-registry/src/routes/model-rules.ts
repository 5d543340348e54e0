import { modelRulesSchema } from "@topdog/contracts/model-rules";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { chooseModelRules, readModelRules } from "../usecases/choose-model-rules.ts";
import { callerOf, orgParams } from "./schemas.ts";

const { allowedModels, deniedModels, allowedProviders, deniedProviders } = modelRulesSchema.shape;
const rules = z.object({
  allowedModels: allowedModels.describe(
    "The only models that the org's calls may name or be answered by; null: every model",
  ),
  deniedModels: deniedModels.describe("Models that no call of the org may name or be answered by"),
  allowedProviders: allowedProviders.describe(
    "The only providers that answer; as `x-topdog-provider` names them, or `sandbox`, `custom`",
  ),
  deniedProviders: deniedProviders.describe("Providers that never see a call of the org"),
});

export const readModelRulesRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs/:orgId/model-rules",
    summary: "Read which models and providers an org's calls may use",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    responses: { 200: rules },
    errors: ["not_found"],
    handler: async ({ caller, params }) => ({
      status: 200 as const,
      body: await readModelRules(deps, callerOf(caller), params.orgId),
    }),
  });

export const chooseModelRulesRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "put",
    path: "/api/orgs/:orgId/model-rules",
    summary: "Choose which models and providers the calls of an org that you own or administer may use",
    description:
      "All rules at once. They count for every key of the org, service accounts' too, at the latest two seconds later.",
    tags: ["Orgs"],
    auth: "session",
    params: orgParams,
    body: rules,
    responses: { 200: rules },
    errors: ["not_found", "forbidden", "org_being_deleted"],
    handler: async ({ caller, params, body }) => ({
      status: 200 as const,
      body: await chooseModelRules(deps, callerOf(caller), params.orgId, body),
    }),
  });
