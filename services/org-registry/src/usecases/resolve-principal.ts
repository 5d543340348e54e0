import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { principalOf } from "../domain/principal.ts";
import { findKeyHolder } from "../store/api-keys.ts";

/** Null for a key that is unknown, revoked, or whose holder has no seat in its org. */
export async function resolvePrincipalOf(db: Database, keyHash: string): Promise<Principal | null> {
  const holder = await findKeyHolder(db, keyHash);
  return holder === null ? null : principalOf(holder);
}
