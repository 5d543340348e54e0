import type { ChargeSource } from "@topdog/contracts/quota";
import type { Database } from "@topdog/postgres/pool";

/** Whose rows: one member's within one tenant (their own account, or one org), or a whole org's. */
export type UsageScope =
  | { readonly kind: "own"; readonly userId: string; readonly orgId: string | null }
  | { readonly kind: "org"; readonly orgId: string };

export interface UsageLine {
  readonly day: string;
  readonly source: ChargeSource;
  readonly model: string | null;
  /** Charged: refunded calls are not in it. */
  readonly calls: number;
  /** Those that a provider answered with success, whole or in part. */
  readonly llmRequests: number;
  readonly refundedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: number;
}

// Over the API call's own rows: each call has exactly one, and a refund one more that takes it back.
const reportSql = (tenant: string): string => `select g.day::text as day, g.source, g.model,
    sum(g.amount)::integer as calls,
    coalesce(sum(g.amount) filter (where g.outcome = 'interrupted' or (g.provider is not null and g.outcome <> 'rejected')), 0)::integer as "llmRequests",
    (count(*) filter (where g.entry = 'refund'))::integer as "refundedCalls",
    coalesce(sum(g.prompt_tokens), 0)::float8 as "promptTokens",
    coalesce(sum(g.completion_tokens), 0)::float8 as "completionTokens",
    coalesce(sum(g.cost_nano_usd), 0)::float8 as "costNanoUsd"
  from ledger g
  where ${tenant} and g.meter = 'api_calls' and g.day between ? and ?
  group by g.day, g.source, g.model order by g.day, g.source, g.model nulls first`;

const ownSql = reportSql("g.user_id = ? and g.org_id is not distinct from ?");
const orgSql = reportSql("g.org_id = ?");

export async function reportUsage(db: Database, scope: UsageScope, from: string, to: string): Promise<UsageLine[]> {
  const [sql, tenant] = scope.kind === "own" ? [ownSql, [scope.userId, scope.orgId]] : [orgSql, [scope.orgId]];
  const { rows } = await db.raw<{ rows: UsageLine[] }>(sql, [...tenant, from, to]);
  return rows;
}
