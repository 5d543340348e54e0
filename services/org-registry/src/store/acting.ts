import type { Transaction } from "@topdog/postgres/pool";

/**
 * Whom a transaction acts for: Postgres shows it their rows and no others. A user's include those of the orgs that they are a member
 * of; an org beside the user is one that they are not a member of yet, or not any more. `everyone` is for the work of all tenants, and for finding out
 * who somebody is.
 */
export type Acting = "everyone" | { readonly userId?: string; readonly orgId?: string | null };

/** From here on to its end; a later call takes the place of an earlier one. */
export async function actFor(trx: Transaction, who: Acting): Promise<void> {
  const { userId = "", orgId = null } = who === "everyone" ? {} : who;
  await trx.raw(
    "select set_config('topdog.user', ?, true), set_config('topdog.org', ?, true), set_config('topdog.everyone', ?, true)",
    [userId, orgId ?? "", who === "everyone" ? "on" : ""],
  );
}

/** The tenant of a credential or of an entitlement. */
export function actingTenant(tenant: string): Acting {
  const [kind, id = ""] = tenant.split(":");
  return kind === "org" ? { orgId: id } : { userId: id };
}
