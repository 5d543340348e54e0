import type { BucketKey } from "./bucket.ts";
import { availableTo, type Draw, isActive, keptNow, type Shares, sharesOf } from "./fair-share.ts";
import { type Lease, openTokens } from "./lease.ts";
import { freeNow, noteAsking, type Tally } from "./tally.ts";

/** Unused tokens of one member, or of nobody, in the leases of a bucket that a message is not about. */
export interface Holding extends BucketKey {
  readonly member: string | null;
  readonly open: number;
  /** How many leases they are in. */
  readonly leases: number;
}

/**
 * Who holds unused tokens of a bucket and who has drawn how much of it, while one message changes that. Sums are kept as it changes: a report of a
 * large org would else cost all of its members, and a message as many times as it has reports.
 */
export interface Holders {
  readonly tally: Tally;
  /** Unused tokens of the leases that the message is about, by id; one that is to be made has its bucket's and member's name instead. */
  readonly named: Map<string, number>;
  /** Leases that hold unused tokens, and how many tokens that is. */
  holding: number;
  open: number;
  readonly openOf: Map<string | null, number>;
  /** As it was before the message. */
  readonly drawnBefore: ReadonlyMap<string, number>;
  /** What each active member has drawn, as of now. */
  readonly active: Map<string, number>;
}

export function openHolders(
  tally: Tally,
  { leases, others, draws }: { leases: readonly Lease[]; others: readonly Holding[]; draws: readonly Draw[] },
  nowMs: number,
): Holders {
  const holders: Holders = {
    tally,
    named: new Map(),
    holding: others.reduce((sum, one) => sum + one.leases, 0),
    open: others.reduce((sum, { open }) => sum + open, 0),
    openOf: new Map(others.map(({ member, open }) => [member, open])),
    drawnBefore: new Map(draws.map(({ member, drawn }) => [member, drawn])),
    active: new Map(),
  };
  for (const draw of draws) if (isActive(draw, nowMs)) holders.active.set(draw.member, drawnNow(holders, draw.member));
  const open = leases.filter(({ state, day }) => state === "open" && day === tally.bucket.day);
  for (const lease of open) noteHolding(holders, lease.leaseId, lease.member, openTokens(lease));
  return holders;
}

const drawnNow = ({ tally, drawnBefore }: Holders, member: string): number =>
  (drawnBefore.get(member) ?? 0) + (tally.draws.get(member)?.moved ?? 0);

/** A lease that the message is about holds so much now; what its member has drawn was told to the tally. */
export function noteHolding(holders: Holders, id: string, member: string | null, open: number): void {
  const before = holders.named.get(id) ?? 0;
  holders.named.set(id, open);
  holders.open += open - before;
  holders.holding += Number(open > 0) - Number(before > 0);
  holders.openOf.set(member, (holders.openOf.get(member) ?? 0) + open - before);
  if (member !== null && holders.active.has(member)) holders.active.set(member, drawnNow(holders, member));
}

/** From now on a share is kept for the member. */
export function noteAsker(holders: Holders, member: string | null): void {
  if (member === null) return;
  noteAsking(holders.tally, member);
  holders.active.set(member, drawnNow(holders, member));
}

/** Leases besides this one that hold unused tokens. */
export const othersHolding = ({ named, holding }: Holders, id: string): number =>
  holding - Number((named.get(id) ?? 0) > 0);

/** Free tokens that a member may be granted now; all of them when they are not for a member. */
export function freeFor(holders: Holders, member: string | null): number {
  const free = freeNow(holders.tally);
  return member === null ? free : availableTo(sharesFor(holders, member), member, free);
}

/** Tokens that could be granted if every other lease gave its unused ones back. */
export function reachableFor(holders: Holders, id: string, member: string | null): number {
  const ownOpen = holders.named.get(id) ?? 0;
  const free = freeNow(holders.tally) + holders.open - ownOpen;
  if (member === null) return free;
  const shares = sharesFor(holders, member);
  const drawn = new Map(shares.drawn);
  for (const [holder, open] of holders.openOf) {
    const count = holder === null ? undefined : drawn.get(holder);
    if (holder !== null && count !== undefined) drawn.set(holder, count - open + (holder === member ? ownOpen : 0));
  }
  return availableTo({ ...shares, drawn }, member, free);
}

/** What a member is told about their share. */
export function shareOf(holders: Holders, member: string): { size: number; drawn: number; kept: number } {
  const shares = sharesFor(holders, member);
  const free = freeNow(holders.tally);
  return { size: shares.size, drawn: shares.drawn.get(member) ?? 0, kept: keptNow(shares, member, free) };
}

/** The shares of the bucket as the member sees them: who is refused counts as well. */
function sharesFor(holders: Holders, member: string): Shares {
  const { tally, active } = holders;
  const all = active.has(member) ? active : new Map(active).set(member, drawnNow(holders, member));
  return sharesOf(tally.bucket.limit, all);
}
