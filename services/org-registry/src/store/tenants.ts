import type { PlanId } from "@topdog/contracts/plans";
import type { Transaction } from "@topdog/postgres/pool";
import type { PageQuery } from "../domain/page.ts";

export const tenantKinds = ["org", "user"] as const;
export type TenantKind = (typeof tenantKinds)[number];
export const tenantStates = ["active", "unverified", "deletion_pending", "deleted"] as const;

/** A customer, as an operator looks at them. */
export interface TenantRow {
  readonly id: string;
  /** The org's name, or the user's address. */
  readonly name: string;
  readonly plan: PlanId;
  readonly seats: number;
  /** Null for a user. */
  readonly activeMembers: number | null;
  readonly state: (typeof tenantStates)[number];
  readonly createdAt: Date;
  readonly calls: number;
  readonly llmRequests: number;
  readonly costNanoUsd: number;
}

export interface TenantSearch {
  readonly kind: TenantKind;
  /** A part of the name or address, or an id; null: all. */
  readonly text: string | null;
  /** Whose usage is shown. */
  readonly day: string;
}

const columns: Readonly<Record<TenantKind, string>> = {
  org: `t.name, (select count(*)::integer from member m where m.org_id = t.id and m.active) as "activeMembers",
    case when t.deleted_at is not null then 'deleted' when t.deletion_due_at is not null then 'deletion_pending' else 'active' end as state`,
  user: `t.email as name, null::integer as "activeMembers",
    case when t.email_verified_at is null then 'unverified' else 'active' end as state`,
};
const tables: Readonly<Record<TenantKind, { readonly table: string; readonly name: string }>> = {
  org: { table: "org", name: "t.name" },
  user: { table: "app_user", name: "t.email" },
};

/** By id. */
export async function listTenants(
  trx: Transaction,
  { kind, text, day }: TenantSearch,
  page: PageQuery<string>,
): Promise<TenantRow[]> {
  const { table, name } = tables[kind];
  const { rows } = await trx.raw<{ rows: TenantRow[] }>(
    `select t.id, ${columns[kind]}, t.created_at as "createdAt", coalesce(e.plan, 'free') as plan, coalesce(e.seats, 1) as seats,
       coalesce(d.calls, 0)::float8 as calls, coalesce(d.llm, 0)::float8 as "llmRequests", coalesce(d.cost, 0)::float8 as "costNanoUsd"
     from ${table} t
     left join entitlement e on e.owner = '${kind}:' || t.id
     left join lateral (
       select sum(calls) as calls, sum(llm_requests) as llm, sum(cost_nano_usd) as cost from daily_usage u
       where u.tenant = '${kind}:' || t.id and u.day = ?
     ) d on true
     where t.id > ? and (cast(? as text) is null or t.id = ? or position(lower(?) in lower(${name})) > 0)
     order by t.id limit ?`,
    [day, page.after ?? "", text, text, text, page.limit],
  );
  return rows;
}
