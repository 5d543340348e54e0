import type { Database } from "./pool.ts";

/**
 * Throws when the role could pass by what the database refuses: as a superuser, or as the owner of a table, who may change its
 * rules. Also when the database is away.
 */
export async function assertRuntimeRole(db: Database): Promise<void> {
  const { rows } = await db.raw<{ rows: [{ role: string; isMighty: boolean }] }>(
    `select rolname::text as role, rolsuper or rolbypassrls or exists (
       select from pg_class where relowner = r.oid and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
     ) as "isMighty"
     from pg_roles r where rolname = current_user`,
  );
  const { role, isMighty } = rows[0];
  if (isMighty) throw new Error(`${role} owns tables or is a superuser: run the service as the role without _owner`);
}
