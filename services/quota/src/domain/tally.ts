import { type Bucket, freeTokens, keyOf, moveTokens } from "./bucket.ts";
import { escrowOf, type Lease } from "./lease.ts";

/** What one transaction does to a locked bucket. */
export interface Tally {
  readonly bucket: Bucket;
  settled: number;
  refunded: number;
  escrow: number;
  granted: number;
  tellsExhausted: boolean;
  /** By member. */
  readonly draws: Map<string, DrawMove>;
}

/** What one transaction does to what a member has drawn. */
interface DrawMove {
  moved: number;
  /** The member asks for tokens, or used some. */
  asks: boolean;
}

export type Tallies = ReadonlyMap<string, Tally>;

export const openTallies = (buckets: readonly Bucket[]): Map<string, Tally> =>
  new Map(
    buckets.map((bucket) => [
      keyOf(bucket),
      { bucket, settled: 0, refunded: 0, escrow: 0, granted: 0, tellsExhausted: false, draws: new Map() },
    ]),
  );

/** Of a lease's bucket, which was locked before the lease was read. */
export function tallyOf(tallies: Tallies, key: Pick<Bucket, "owner" | "meter" | "day">): Tally {
  const tally = tallies.get(keyOf(key));
  if (tally === undefined) throw new Error("a lease's bucket was not locked");
  return tally;
}

function drawOf({ draws }: Tally, member: string): DrawMove {
  const known = draws.get(member);
  if (known !== undefined) return known;
  const draw = { moved: 0, asks: false };
  draws.set(member, draw);
  return draw;
}

/** Tokens that a member has more, or fewer, than before. */
export function tallyDraw(tally: Tally, member: string | null, moved: number): void {
  if (member !== null && moved !== 0) drawOf(tally, member).moved += moved;
}

export function noteAsking(tally: Tally, member: string): void {
  drawOf(tally, member).asks = true;
}

/** A lease changed: tokens that left it are free or settled, tokens that it gained were granted. */
export function tallyLease(tally: Tally, before: Lease, after: Lease, settled: number): void {
  const escrow = escrowOf(after) - escrowOf(before);
  tally.settled += settled;
  tally.escrow += escrow;
  tally.granted += after.size - before.size;
  tallyDraw(tally, before.member, settled + escrow);
}

/** Free tokens after what the tally moved so far. */
export const freeNow = ({ bucket, settled, escrow }: Tally): number =>
  freeTokens({ ...bucket, settled: bucket.settled + settled, escrow: bucket.escrow + escrow });

export interface BucketChange extends Pick<Bucket, "owner" | "meter" | "day"> {
  readonly settled: number;
  readonly refunded: number;
  readonly escrow: number;
  readonly granted: number;
  readonly after: Pick<Bucket, "toldExhausted" | "exhaustedPublished" | "limit" | "settled">;
}

export interface DrawChange extends Pick<Bucket, "owner" | "meter" | "day">, Readonly<DrawMove> {
  readonly member: string;
}

export interface ClosedTallies {
  readonly changes: readonly BucketChange[];
  readonly draws: readonly DrawChange[];
  /** Buckets that were called exhausted and are not any more. */
  readonly freed: readonly Bucket[];
  /** Buckets that gave their last token. */
  readonly spent: readonly Bucket[];
}

export function closeTallies(tallies: Tallies): ClosedTallies {
  const closed = {
    changes: [] as BucketChange[],
    draws: [] as DrawChange[],
    freed: [] as Bucket[],
    spent: [] as Bucket[],
  };
  for (const tally of tallies.values()) {
    const { bucket, settled, refunded, escrow, granted } = tally;
    const { owner, meter, day } = bucket;
    for (const [member, { moved, asks }] of tally.draws) {
      if (moved !== 0 || asks) closed.draws.push({ owner, meter, day, member, moved, asks });
    }
    const move = moveTokens(bucket, tally);
    if (move.freed) closed.freed.push(move.bucket);
    if (move.spent) closed.spent.push(move.bucket);
    if (
      settled === 0 &&
      escrow === 0 &&
      refunded === 0 &&
      !move.spent &&
      move.bucket.toldExhausted === bucket.toldExhausted
    )
      continue;
    closed.changes.push({ owner, meter, day, settled, refunded, escrow, granted, after: move.bucket });
  }
  return closed;
}
