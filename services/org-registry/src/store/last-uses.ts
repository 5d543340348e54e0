import type { Database } from "@topdog/postgres/pool";

/**
 * Times by key, Unix milliseconds. A key that somebody changes at this moment is passed over, so that neither waits for the other; its
 * next use is told too. No index holds the column: the row is rewritten in place.
 */
export async function updateLastUses(db: Database, usedMs: ReadonlyMap<string, number>): Promise<void> {
  const times = [...usedMs.values()].map((ms) => new Date(ms));
  await db.raw(
    `with used as materialized (
       select k.id, u.at from unnest(?::text[], ?::timestamptz[]) as u (id, at) join api_key k on k.id = u.id
       where k.revoked_at is null and (k.last_used_at is null or k.last_used_at < u.at)
       for no key update of k skip locked)
     update api_key k set last_used_at = used.at from used where k.id = used.id`,
    [[...usedMs.keys()], times],
  );
}
