import type { Transaction } from "@topdog/postgres/pool";
import type { ApiKey, StoredApiKey } from "../domain/api-key.ts";
import type { CallingSession } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import { mayChangeMember } from "../domain/permissions.ts";
import { findLiveKey, lockLiveKey, updateKey } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findMember } from "../store/orgs.ts";
import { announceChange } from "./change-key.ts";
import type { RegistryDeps } from "./change.ts";
import { changeOrg, forbidden, permitRunning } from "./change-org.ts";
import { keyNotFound } from "./revoke-key.ts";

interface KeyOfOrg {
  readonly orgId: string;
  readonly keyId: string;
}

/**
 * Limits the calls a day of an org's key, for who runs the org; null: no longer. Its holder can set a lower ceiling, and not lift this one: so an
 * admin's own key has none of these from that admin. A missing key and one of another org give the same 404.
 */
export async function setKeyCeiling(
  deps: RegistryDeps,
  person: CallingSession,
  { orgId, keyId }: KeyOfOrg,
  orgDailyCeiling: number | null,
): Promise<ApiKey> {
  const permit = permitRunning("Only the org's owner and admins limit its keys.");
  return changeOrg(deps, person, orgId, permit, async ({ trx, at, actor, member }) => {
    await requireLimitable(trx, member, await findLiveKey(trx, keyId));
    const before = await lockLiveKey(trx, keyId);
    if (before === null) throw keyNotFound();
    if (before.orgDailyCeiling === orgDailyCeiling) return before;
    const after: StoredApiKey = { ...before, orgDailyCeiling, ceilingVersion: before.ceilingVersion + 1 };
    await updateKey(trx, after);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "apikey.ceiling_set",
      target: keyId,
      details: { userId: after.userId },
      before: { orgDailyCeiling: before.orgDailyCeiling },
      after: { orgDailyCeiling },
    });
    await announceChange(trx, after, at);
    return after;
  });
}

async function requireLimitable(trx: Transaction, admin: Member, key: StoredApiKey | null): Promise<void> {
  if (key === null || key.orgId !== admin.orgId) throw keyNotFound();
  if (key.serviceAccountId !== null) return;
  const holder = await findMember(trx, admin.orgId, key.userId);
  if (holder === null) throw keyNotFound();
  if (!mayChangeMember(admin, holder)) throw forbidden();
}
