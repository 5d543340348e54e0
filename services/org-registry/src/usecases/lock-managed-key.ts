import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import type { CallingSession } from "../domain/caller.ts";
import { runsOrg } from "../domain/permissions.ts";
import { findLiveKey, lockLiveKey } from "../store/api-keys.ts";
import { findMember } from "../store/orgs.ts";
import { keyNotFound } from "./revoke-key.ts";

/**
 * A live key that this person may change and rotate: their own, or of a service account of an org that they run. Owners and admins may
 * revoke a member's key, but not change whose doing its calls are. Any other key gives the same 404 as none.
 */
export async function lockManagedKey(trx: Transaction, person: CallingSession, keyId: string): Promise<StoredApiKey> {
  // Before the lock too: whoever may not change the key must not be able to hold it up.
  const found = await findLiveKey(trx, keyId);
  const key = (await mayManage(trx, person, found)) ? await lockLiveKey(trx, keyId) : null;
  if (key === null || !(await mayManage(trx, person, key))) throw keyNotFound();
  return key;
}

async function mayManage(trx: Transaction, person: CallingSession, key: StoredApiKey | null): Promise<boolean> {
  if (key === null || key.serviceAccountId === null) return key?.userId === person.userId;
  const who = key.orgId === null ? null : await findMember(trx, key.orgId, person.userId);
  return who !== null && runsOrg(who);
}
