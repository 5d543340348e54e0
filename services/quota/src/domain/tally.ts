import { type Bucket, freeTokens, keyOf, moveTokens } from "./bucket.ts";
import { escrowOf, type Lease } from "./lease.ts";

/** What one transaction does to a locked bucket. */
export interface Tally {
  readonly bucket: Bucket;
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

/** Of a lease's bucket, which was locked before the lease was read. */
export function tallyOf(tallies: Tallies, key: Pick<Bucket, "owner" | "meter" | "day">): Tally {
  const tally = tallies.get(keyOf(key));
  if (tally === undefined) throw new Error("a lease's bucket was not locked");
  return tally;
}

/** A lease changed: tokens that left it are free or settled, tokens that it gained were granted. */
export function tallyLease(tally: Tally, before: Lease, after: Lease, settled: number): void {
  tally.settled += settled;
  tally.escrow += escrowOf(after) - escrowOf(before);
  tally.granted += after.size - before.size;
}

/** Free tokens after what the tally moved so far. */
export const freeNow = ({ bucket, settled, escrow }: Tally): number =>
  freeTokens({ ...bucket, settled: bucket.settled + settled, escrow: bucket.escrow + escrow });

export interface BucketChange extends Pick<Bucket, "owner" | "meter" | "day"> {
  readonly settled: number;
  readonly escrow: number;
  readonly granted: number;
  readonly after: Pick<Bucket, "toldExhausted" | "exhaustedPublished" | "limit" | "settled">;
}

export interface ClosedTallies {
  readonly changes: readonly BucketChange[];
  /** Buckets that were called exhausted and are not any more. */
  readonly freed: readonly Bucket[];
  /** Buckets that gave their last token. */
  readonly spent: readonly Bucket[];
}

export function closeTallies(tallies: Tallies): ClosedTallies {
  const closed = { changes: [] as BucketChange[], freed: [] as Bucket[], spent: [] as Bucket[] };
  for (const tally of tallies.values()) {
    const { bucket, settled, escrow, granted } = tally;
    const move = moveTokens(bucket, tally);
    if (move.freed) closed.freed.push(move.bucket);
    if (move.spent) closed.spent.push(move.bucket);
    if (settled === 0 && escrow === 0 && !move.spent && move.bucket.toldExhausted === bucket.toldExhausted) continue;
    const { owner, meter, day } = bucket;
    closed.changes.push({ owner, meter, day, settled, escrow, granted, after: move.bucket });
  }
  return closed;
}
