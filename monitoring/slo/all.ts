import { billingObjectives } from "./billing.ts";
import type { ServiceObjectives } from "./definition.ts";
import { gatewayObjectives } from "./gateway.ts";
import { llmRouterObjectives } from "./llm-router.ts";
import { orgRegistryObjectives } from "./org-registry.ts";
import { quotaObjectives } from "./quota.ts";

/** What each service promises, and how its releases are judged: rules, gates, dashboards and docs/slo.md come from it. */
export const objectives: readonly ServiceObjectives[] = [
  gatewayObjectives,
  llmRouterObjectives,
  quotaObjectives,
  orgRegistryObjectives,
  billingObjectives,
];
