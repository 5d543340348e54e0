import { Client } from "pg";
import { until } from "./eventually.ts";

export interface LedgerRow {
  /** Of the lease; null when the lease is not there. */
  readonly owner: string | null;
  readonly lease_id: string;
  readonly seq: string;
  readonly request_id: string | null;
  readonly meter: string;
  readonly entry: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly streamed: boolean | null;
  readonly estimated: boolean | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
}

export interface BucketRow {
  readonly owner: string;
  readonly meter: string;
  readonly limit: number;
  readonly settled: number;
  readonly escrow: number;
}

/** The quota service's database, as whoever may read it. */
export interface LedgerAccess {
  readonly quotaDatabaseUrl: string;
}

/** One statement on the quota service's database, as the superuser. */
export async function adminQuery<Row>(platform: LedgerAccess, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: platform.quotaDatabaseUrl, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The API-call charges of one request: exactly one for every call that was admitted. */
export const ledgerOf = (platform: LedgerAccess, requestId: string): Promise<LedgerRow[]> =>
  adminQuery(platform, "select * from ledger where request_id = $1 and entry = 'charge' and meter = 'api_calls'", [
    requestId,
  ]);

/** Waits until the request's usage is in the ledger. */
export const waitForLedger = (platform: LedgerAccess, requestId: string): Promise<LedgerRow[]> =>
  until(
    `request ${requestId} is completed in the ledger`,
    () => ledgerOf(platform, requestId),
    (rows) => rows.length > 0 && rows.every((row) => row.state === "completed"),
  );

export async function ledgerByRequest(platform: LedgerAccess): Promise<Map<string, LedgerRow[]>> {
  const rows = await adminQuery<LedgerRow>(
    platform,
    "select ledger.*, lease.owner from ledger left join lease using (lease_id) where request_id is not null",
  );
  const byRequest = new Map<string, LedgerRow[]>();
  for (const row of rows) byRequest.set(row.request_id ?? "", [...(byRequest.get(row.request_id ?? "") ?? []), row]);
  return byRequest;
}

/** The API-call charges among one request's rows that were not given back: a call that moved to another router has more, given back. */
export function lastingCharges(rows: readonly LedgerRow[]): LedgerRow[] {
  const tokenOf = ({ lease_id, seq }: LedgerRow): string => `${lease_id}:${seq}`;
  const givenBack = new Set(rows.filter(({ entry }) => entry === "refund").map(tokenOf));
  return rows.filter((row) => row.entry === "charge" && row.meter === "api_calls" && !givenBack.has(tokenOf(row)));
}

export const bucketsOf = (platform: LedgerAccess, owners: string[]): Promise<BucketRow[]> =>
  adminQuery(
    platform,
    `select owner, meter, daily_limit as "limit", settled, escrow from bucket where owner = any($1)`,
    [owners],
  );

export const invariantViolations = (platform: LedgerAccess): Promise<unknown[]> =>
  adminQuery(platform, "select * from invariant_violation limit 20");
