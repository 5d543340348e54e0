import { type PlanId, plans } from "@topdog/contracts/plans";

/** What an owner may use, as billing last told. */
export interface Entitlement {
  /** `user:<id>` or `org:<id>`. */
  readonly owner: string;
  /** The subscription's own: rises with each of its changes. */
  readonly version: number;
  readonly plan: PlanId;
  readonly seats: number;
  readonly changedAt: Date;
}

export interface SeatHolder {
  readonly userId: string;
  readonly owner: boolean;
  readonly activatedAtMs: number;
}

/** How many members of an org may be active. An org that pays for no seats keeps its owner's. */
export function paidSeats(entitlement: Pick<Entitlement, "plan" | "seats"> | null): number {
  return entitlement !== null && plans[entitlement.plan].perSeat ? entitlement.seats : 1;
}

/**
 * Who loses a seat when fewer are paid for than are taken: the newest first, the owner never.
 * The user id breaks a tie, so that a repetition decides the same.
 */
export function seatsToGiveUp(holders: readonly SeatHolder[], seats: number): string[] {
  const byAge = holders.toSorted(
    (a, b) =>
      Number(b.owner) - Number(a.owner) ||
      a.activatedAtMs - b.activatedAtMs ||
      (a.userId < b.userId ? -1 : Number(a.userId > b.userId)),
  );
  return byAge.slice(Math.max(seats, 1)).map((holder) => holder.userId);
}
