import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import type { CallingSession } from "../domain/caller.ts";
import { findLiveKey, lockLiveKey } from "../store/api-keys.ts";
import { keyNotFound } from "./revoke-key.ts";

/**
 * A live key that this person may change and rotate: their own. Owners and admins may revoke a member's key, but not change whose
 * doing its calls are. Any other key gives the same 404 as none.
 */
export async function lockManagedKey(trx: Transaction, person: CallingSession, keyId: string): Promise<StoredApiKey> {
  const isTheirs = (key: StoredApiKey | null): key is StoredApiKey => key?.userId === person.userId;
  // Before the lock too: whoever may not change the key must not be able to hold it up.
  const found = await findLiveKey(trx, keyId);
  const key = isTheirs(found) ? await lockLiveKey(trx, keyId) : null;
  if (!isTheirs(key)) throw keyNotFound();
  return key;
}
