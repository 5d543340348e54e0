import type { Database } from "./pool.ts";

/** What of a server's settings lets it forget what it committed. */
export interface Durability {
  /** Even a crash of the server alone does. */
  readonly unsafe: readonly string[];
  /** A failover to a standby does. */
  readonly weak: readonly string[];
}

/** Reads the settings that exactness rests on. Throws when the server does not answer. */
export async function readDurability(db: Database): Promise<Durability> {
  const { rows } = await db.raw<{ rows: { name: string; setting: string }[] }>(
    `select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names')`,
  );
  return judgeDurability(new Map(rows.map(({ name, setting }) => [name, setting])));
}

export function judgeDurability(settings: ReadonlyMap<string, string>): Durability {
  const unsafe: string[] = [];
  const weak: string[] = [];
  for (const name of ["fsync", "full_page_writes"]) if (settings.get(name) !== "on") unsafe.push(`${name} is off`);
  const commit = settings.get("synchronous_commit");
  if (commit === "off") unsafe.push("synchronous_commit is off: a commit is answered before it is on disk");
  else if (commit === "local" || (settings.get("synchronous_standby_names") ?? "") === "")
    weak.push(
      "no standby confirms a commit (synchronous_standby_names, synchronous_commit): a failover may lose the last ones",
    );
  return { unsafe, weak };
}
