import { quotaExhausted } from "@topdog/contracts/events/quota-exhausted";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { type Bucket, keyOf, moveTokens } from "../domain/bucket.ts";
import { escrowOf, type Lease } from "../domain/lease.ts";
import type { NewLease } from "../store/leases.ts";
import { applyMovements, type BucketChange, type CreatedLease } from "../store/movements.ts";
import type { QuotaDeps } from "./deps.ts";

/** What one transaction does to a locked bucket. */
export interface Tally {
  bucket: Bucket;
  settled: number;
  escrow: number;
  granted: number;
  tellsExhausted: boolean;
}

export type Tallies = ReadonlyMap<string, Tally>;

export const openTallies = (buckets: readonly Bucket[]): Map<string, Tally> =>
  new Map(
    buckets.map((bucket) => [keyOf(bucket), { bucket, settled: 0, escrow: 0, granted: 0, tellsExhausted: false }]),
  );

/** A lease changed: what it holds less is free or settled, what it holds more was granted. */
export function tallyLease(tally: Tally, before: Lease, after: Lease, settled: number): void {
  tally.settled += settled;
  tally.escrow += escrowOf(after) - escrowOf(before);
  tally.granted += after.size - before.size;
}

/** To be acted on after the commit. */
export interface Aftermath {
  readonly created: readonly CreatedLease[];
  readonly freed: readonly Bucket[];
  readonly spent: number;
}

/** Writes everything that moved, and the event of each bucket that gave its last token. */
export async function writeMovements(
  trx: Transaction,
  tallies: Tallies,
  leases: readonly Lease[],
  newLeases: readonly NewLease[],
): Promise<Aftermath> {
  const changes: BucketChange[] = [];
  const freed: Bucket[] = [];
  const spent: Bucket[] = [];
  for (const tally of tallies.values()) {
    const move = moveTokens(tally.bucket, tally);
    if (move.freed) freed.push(move.bucket);
    if (move.spent) spent.push(move.bucket);
    if (!isChanged(tally, move.bucket)) continue;
    const { owner, meter, day } = tally.bucket;
    const { settled, escrow, granted } = tally;
    changes.push({ owner, meter, day, settled, escrow, granted, after: move.bucket });
  }
  const created = await applyMovements(trx, { buckets: changes, leases, newLeases });
  for (const { owner, meter, day, limit } of spent) {
    await appendOutbox(trx, quotaExhausted, { owner, meter, day, limit, at: new Date().toISOString() });
  }
  return { created, freed, spent: spent.length };
}

const isChanged = (tally: Tally, after: Bucket): boolean =>
  tally.settled !== 0 || tally.escrow !== 0 || after.toldExhausted !== tally.bucket.toldExhausted;

/** A bucket that was said to be exhausted and is not: gateways forget it. */
export function announce(deps: Pick<QuotaDeps, "recall" | "nudgeRelay">, aftermath: Aftermath): void {
  for (const { owner, meter } of aftermath.freed) deps.recall({ owner, meter, reason: "limit_changed" });
  if (aftermath.spent > 0) deps.nudgeRelay();
}
