import { orgRulesChanged } from "@topdog/contracts/events/org-events";
import type { ModelRules } from "@topdog/contracts/model-rules";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Caller } from "../domain/caller.ts";
import { noRules, toFacts } from "../domain/model-rules.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findModelRules, saveModelRules } from "../store/model-rules.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { changeOrg, permitRunning } from "./change-org.ts";
import { requireMember } from "./require-member.ts";

/** Every member may know why a model is refused. */
export async function readModelRules(deps: RegistryDeps, caller: Caller, orgId: string): Promise<ModelRules> {
  return read(deps.db, actingOf(caller), async (trx) => {
    await requireMember(trx, caller, orgId);
    return (await findModelRules(trx, orgId)) ?? noRules;
  });
}

/** The org's rules from now on, all of them; each gateway asks about the org's keys again. The same rules write nothing. */
export async function chooseModelRules(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  rules: ModelRules,
): Promise<ModelRules> {
  return changeOrg(deps, caller, orgId, permitRunning(), async ({ trx, at, actor }) => {
    const before = toFacts((await findModelRules(trx, orgId)) ?? noRules);
    const after = toFacts(rules);
    if (Object.keys(after).every((name) => before[name] === after[name])) return rules;
    await saveModelRules(trx, orgId, rules, at);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "org.model_rules_changed",
      target: orgId,
      details: {},
      before,
      after,
    });
    await appendOutbox(trx, orgRulesChanged, { orgId, at: at.toISOString() });
    return rules;
  });
}
