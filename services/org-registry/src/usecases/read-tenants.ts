import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { listTenants, type TenantRow, type TenantSearch } from "../store/tenants.ts";
import { read, type RegistryDeps } from "./change.ts";

/** Every customer, for an operator: with today's usage. */
export async function readTenants(
  { db, nowMs }: RegistryDeps,
  search: Omit<TenantSearch, "day">,
  query: PageQuery<string>,
): Promise<Page<TenantRow, string>> {
  const day = new Date(nowMs()).toISOString().slice(0, 10);
  const rows = await read(db, "everyone", (trx) => listTenants(trx, { ...search, day }, withOneMore(query)));
  return pageOf(rows, query.limit, ({ id }) => id);
}
