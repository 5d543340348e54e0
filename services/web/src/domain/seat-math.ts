import type { Tier } from "./answers.ts";

export type Interval = "month" | "year";

/** As billing takes them. */
export const maxSeats = 1_000_000;

/** A plan's minimum is never undercut, and seats are whole. */
export const seatsWithin = (tier: Tier, seats: number): number =>
  tier.perSeat ? Math.min(maxSeats, Math.max(tier.minimumSeats, Math.floor(seats) || 0)) : 1;

/** What an org with that many seats pays and gets; seats below the plan's minimum count as the minimum. */
export interface SeatSum {
  readonly seats: number;
  readonly perMonthCents: number;
  /** What is paid at once. */
  readonly perIntervalCents: number;
  /** Of all seat-holders together, without the org bucket. */
  readonly apiCallsPerDay: number;
  readonly llmRequestsPerDay: number;
  readonly orgBucketPerDay: number;
  readonly byokSlots: number;
}

/** A plan without an annual price is billed by the month. */
export function sumSeats(tier: Tier, wantedSeats: number, interval: Interval): SeatSum {
  const seats = seatsWithin(tier, wantedSeats);
  const price = interval === "year" ? (tier.price.year ?? tier.price.month) : tier.price.month;
  return {
    seats,
    perMonthCents: price.perMonthCents * seats,
    perIntervalCents: price.perIntervalCents * seats,
    apiCallsPerDay: tier.limits.apiCallsPerDay * seats,
    llmRequestsPerDay: tier.limits.llmRequestsPerDay * seats,
    orgBucketPerDay: orgBucketPerDay(tier, seats),
    byokSlots: tier.byok.slots + tier.byok.slotsPerSeat * seats,
  };
}

/** The largest that any of the plans has for a year, in percent; 0 for none. */
export const annualDiscountOf = (tiers: readonly Tier[]): number =>
  Math.max(0, ...tiers.map(({ price }) => price.year?.discountPercent ?? 0));

function orgBucketPerDay({ orgBucket, limits }: Tier, seats: number): number {
  if (orgBucket === null) return 0;
  if (orgBucket.callsPerSeatPerDay !== null) return orgBucket.callsPerSeatPerDay * seats;
  return Math.floor((limits.apiCallsPerDay * seats * (orgBucket.percentOfSeatCalls ?? 0)) / 100);
}
