import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { principalOf } from "../domain/principal.ts";
import { findKeyHolder } from "../store/key-holders.ts";
import type { RegistryDeps } from "./change.ts";

/** Null for a key that is unknown, revoked, expired, or whose holder has no seat in its org. */
export async function resolvePrincipalOf(
  { db, nowMs }: Pick<RegistryDeps, "db" | "nowMs">,
  keyHash: string,
): Promise<Principal | null> {
  const holder = await findKeyHolder(db, keyHash, new Date(nowMs()));
  return holder === null ? null : principalOf(holder);
}
