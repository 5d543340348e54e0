import type { KeyUse } from "@topdog/contracts/rpc/note-key-uses";
import { updateLastUses } from "../store/last-uses.ts";
import { change, type RegistryDeps } from "./change.ts";

/** Keeps the latest use of each key. A gateway whose clock is ahead does not bring a time that is still to come. */
export async function noteUses(deps: Pick<RegistryDeps, "db" | "nowMs">, uses: readonly KeyUse[]): Promise<void> {
  const now = deps.nowMs();
  const latest = new Map<string, number>();
  for (const { keyId, at } of uses) latest.set(keyId, Math.max(latest.get(keyId) ?? 0, Math.min(Date.parse(at), now)));
  await change(deps, "everyone", (trx) => updateLastUses(trx, latest));
}
