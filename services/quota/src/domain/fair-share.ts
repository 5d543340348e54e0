const dayMs = 86_400_000;
/** A member who asked for no token for this long has no share that is kept. */
const shareLapsesMs = 3_600_000;

/** What a member of an org has of its bucket: settled today, or in escrow. */
export interface Draw {
  readonly member: string;
  readonly drawn: number;
  /** When the member last asked for a token, Unix milliseconds by the database. */
  readonly askedMs: number;
}

/** The shares of a contested bucket: of each member who is active the same, half of the bucket in all. */
export interface Shares {
  readonly size: number;
  /** What each active member has drawn. */
  readonly drawn: ReadonlyMap<string, number>;
}

/**
 * Who asked within the last hour; in the day's last hour, who asked within as long as the day has left: nobody can draw a share
 * that is kept until midnight.
 */
export function isActive({ askedMs }: Pick<Draw, "askedMs">, nowMs: number): boolean {
  const leftMs = dayMs - (nowMs % dayMs);
  return askedMs >= nowMs - Math.min(shareLapsesMs, leftMs);
}

export function sharesOf(limit: number, active: ReadonlyMap<string, number>): Shares {
  return { size: active.size === 0 ? 0 : Math.floor(limit / (2 * active.size)), drawn: active };
}

/** Free tokens that are kept for other members: what each of them may still draw of their share, as far as there is that much. */
export function keptFor({ size, drawn }: Shares, member: string, free: number): number {
  let kept = 0;
  for (const [other, count] of drawn) if (other !== member) kept += Math.max(0, size - count);
  return Math.min(free, kept);
}

/** What a member may get of the free tokens: up to their share any, beyond it those that are not kept for others. */
export function availableTo(shares: Shares, member: string, free: number): number {
  const ofShare = Math.min(free, shares.size - (shares.drawn.get(member) ?? 0));
  return Math.max(0, ofShare, free - keptFor(shares, member, free));
}

/** How a member stands in a contested bucket: as `sharesOf`, for whoever may ask next. */
export interface FairShare {
  readonly size: number;
  readonly drawn: number;
  readonly kept: number;
  /** Members whose shares are kept, this one included. */
  readonly members: number;
}

export function shareFor(
  member: string,
  draws: readonly Draw[],
  { limit, free, nowMs }: { readonly limit: number; readonly free: number; readonly nowMs: number },
): FairShare {
  const own = draws.find((draw) => draw.member === member)?.drawn ?? 0;
  const active = draws.filter((draw) => isActive(draw, nowMs)).map((draw) => [draw.member, draw.drawn] as const);
  const shares = sharesOf(limit, new Map([...active, [member, own]]));
  return { size: shares.size, drawn: own, kept: keptNow(shares, member, free), members: shares.drawn.size };
}

/** Free tokens that the member cannot have. */
export const keptNow = (shares: Shares, member: string, free: number): number =>
  free - availableTo(shares, member, free);
