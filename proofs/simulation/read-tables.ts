import type { Database } from "@topdog/postgres/pool";
import { type BucketKey, keyOf } from "@topdog/quota/domain/bucket";
import type { Draw } from "@topdog/quota/domain/fair-share";
import {
  type BucketRecord,
  type LeaseRecord,
  type LedgerRecord,
  ledgerKey,
  type MemoryTables,
  type PermitRecord,
} from "../support/memory-tables.ts";

/** Reads quota's tables from Postgres into the shape that guarantees are checked on. */
export async function readTables(db: Database, tables: MemoryTables): Promise<void> {
  const rowsOf = async <T>(sql: string): Promise<T[]> => (await db.raw<{ rows: T[] }>(sql)).rows;
  for (const table of [
    tables.buckets,
    tables.leases,
    tables.leasesOf,
    tables.draws,
    tables.ledger,
    tables.ledgerSums,
    tables.permits,
  ] as const)
    table.clear();
  const buckets = await rowsOf<BucketRecord>(
    `select owner, meter, day::text as day, plan, daily_limit as "limit", cap, settled, refunded, escrow, ceiling_version as "ceilingVersion", subscription_owner as "subscriptionOwner",
       told_exhausted as "toldExhausted", exhausted_published as "exhaustedPublished" from bucket`,
  );
  for (const bucket of buckets) tables.buckets.set(keyOf(bucket), bucket);
  const leases = await rowsOf<LeaseRecord>(
    `select lease_id::text as "leaseId", owner, meter, day::text as day, gateway_id as "gatewayId", member, size, acked, reported,
       highest_seq as highest, returned, burned, credit_window as "window", state, final_used as "finalUsed",
       (extract(epoch from touched_at) * 1000)::float8 as "touchedAtMs" from lease order by lease_id`,
  );
  for (const lease of leases) {
    tables.leases.set(lease.leaseId, lease);
    tables.leasesOf.set(keyOf(lease), [...(tables.leasesOf.get(keyOf(lease)) ?? []), lease.leaseId]);
  }
  const draws = await rowsOf<BucketKey & Draw>(
    `select owner, meter, day::text as day, member, drawn, (extract(epoch from asked_at) * 1000)::float8 as "askedMs" from member_draw`,
  );
  for (const { owner, meter, day, ...draw } of draws) {
    const key = keyOf({ owner, meter, day });
    tables.draws.set(key, new Map(tables.draws.get(key)).set(draw.member, draw));
  }
  const ledger = await rowsOf<LedgerRecord>(
    `select lease_id::text as "leaseId", seq, entry, state, (extract(epoch from recorded_at) * 1000)::float8 as "recordedAtMs" from ledger`,
  );
  for (const row of ledger) {
    tables.ledger.set(ledgerKey(row.leaseId, row.seq, row.entry), row);
    const { charges, refunds } = tables.ledgerSums.get(row.leaseId) ?? { charges: 0, refunds: 0 };
    const isCharge = row.entry === "charge";
    tables.ledgerSums.set(row.leaseId, { charges: charges + Number(isCharge), refunds: refunds + Number(!isCharge) });
  }
  const permits = await rowsOf<PermitRecord & { owner: string; gatewayId: string }>(
    `select owner, gateway_id as "gatewayId", held, version::float8 as version, server_started as "serverStarted" from permit`,
  );
  for (const { owner, gatewayId, ...permit } of permits) {
    const ofOwner = new Map(tables.permits.get(owner));
    tables.permits.set(owner, ofOwner.set(gatewayId, permit));
  }
}
