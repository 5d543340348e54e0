import { randomUUID } from "node:crypto";
import { singleUsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { ReadyEvent } from "@topdog/messaging/event-batch";
import type { Client } from "pg";

/** Leases of each meter; a batch of usage touches about as many buckets as it has records. */
const owners = 200;
const batchRecords = 128;
const meters = ["api_calls", "llm_requests"] as const;

export interface LedgerDay {
  readonly rows: number;
  readonly batches: readonly (readonly ReadyEvent[])[];
}

export interface LedgerDayOptions {
  /** Rows that are complete already. */
  readonly oldRows: number;
  /** Rows that usage records complete. */
  readonly newRows: number;
}

/**
 * A day of quota's tables as gateways leave it: leases whose tokens are all reported, the first ones complete. Written at once,
 * consistent in every invariant. Returns the usage of what is not complete, in the order of a busy fleet.
 */
export async function makeLedgerDay(quota: Client, { oldRows, newRows }: LedgerDayOptions): Promise<LedgerDay> {
  const oldSeqs = Math.ceil(oldRows / owners / meters.length);
  const newSeqs = Math.ceil(newRows / owners / meters.length);
  const size = oldSeqs + newSeqs;
  await quota.query(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled)
     select 'org:ledger_' || n, meter, utc_today(), 'org:ledger_' || n, 'enterprise', $2 + 1, $2 + 1, $2
     from generate_series(1, $1) n, unnest($3::text[]) meter`,
    [owners, size, meters],
  );
  const { rows: leases } = await quota.query<{ id: string; owner: string; meter: string; day: string }>(
    `insert into lease (owner, meter, day, gateway_id, size, acked, reported, highest_seq, credit_window)
     select owner, meter, day, 'gateway-ledger', $1, $1, $1, $1, 32 from bucket where owner like 'org:ledger%'
     returning lease_id::text as id, owner, meter, day::text as day`,
    [size],
  );
  await quota.query(
    `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
     select l.lease_id, seq, 'charge', l.day, l.meter, 1, case when seq <= $1 then 'completed' else 'admitted' end
     from lease l, generate_series(1, $2) seq where l.owner like 'org:ledger%'`,
    [oldSeqs, size],
  );
  await quota.query("analyze ledger");
  const leaseOf = new Map(leases.map(({ id, owner, meter }) => [`${owner} ${meter}`, id]));
  const events: ReadyEvent[] = [];
  const day = leases[0]?.day ?? "";
  for (let seq = oldSeqs + 1; seq <= size; seq += 1) {
    for (let owner = 1; owner <= owners; owner += 1) events.push(usageEvent(leaseOf, `org:ledger_${owner}`, seq, day));
  }
  const batches: ReadyEvent[][] = [];
  for (let first = 0; first < events.length; first += batchRecords)
    batches.push(events.slice(first, first + batchRecords));
  return { rows: newSeqs * owners * meters.length, batches };
}

function usageEvent(leaseOf: ReadonlyMap<string, string>, owner: string, seq: number, day: string): ReadyEvent {
  const { example } = singleUsageConsumed;
  const charges = meters.map((meter) => ({ meter, leaseId: leaseOf.get(`${owner} ${meter}`) ?? "", seq }));
  const usage = { ...example, requestId: `req_${randomUUID()}`, charges, day, orgId: owner.slice("org:".length) };
  const { finishedAt: time, traceparent } = example;
  return { id: `${charges[0]?.leaseId}:${seq}`, time, traceparent, json: JSON.stringify(usage) };
}
