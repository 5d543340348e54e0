import type { Caller } from "../domain/caller.ts";
import type { Org } from "../domain/org.ts";
import { appendAudit } from "../store/audit-log.ts";
import { renameOrg as saveName } from "../store/org-lifecycle.ts";
import type { RegistryDeps } from "./change.ts";
import { changeOrg, permitRunning } from "./change-org.ts";
import { recordMemberChanges } from "./record-org-change.ts";

/** A name that it has already writes nothing. */
export async function renameOrg(deps: RegistryDeps, caller: Caller, orgId: string, name: string): Promise<Org> {
  return changeOrg(deps, caller, orgId, permitRunning(), async ({ trx, at, org, actor }) => {
    if (org.name === name) return org;
    await saveName(trx, orgId, name);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "org.renamed",
      target: orgId,
      details: {},
      before: { name: org.name },
      after: { name },
    });
    return recordMemberChanges(trx, { ...org, name }, [], at);
  });
}
