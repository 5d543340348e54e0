import { findOwnerOf } from "../store/customers.ts";
import { resolveEntry } from "../store/quarantine.ts";
import { adoptCustomer } from "./settle-webhooks.ts";
import type { StripeDeps } from "./stripe-deps.ts";
import { syncCustomer } from "./sync-customer.ts";

/** Closes an entry that an operator dealt with, and looks again: what is still so comes back. Returns whether there was such an entry. */
export async function resolveQuarantine(deps: StripeDeps, id: string, resolution: string): Promise<boolean> {
  const entry = await resolveEntry(deps.db, id, resolution);
  if (entry === null) return false;
  const { kind, subject } = entry;
  const orphan =
    kind === "orphan_customer" ? ((await findOwnerOf(deps.db, subject)) ?? (await adoptCustomer(deps, subject))) : null;
  const owner = entry.owner ?? orphan;
  if (owner !== null) await syncCustomer(deps, owner, "operator");
  return true;
}
