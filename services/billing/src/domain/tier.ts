import { annualPriceCents, type OrgBucketRule, type Plan, plans } from "@topdog/contracts/plans";

export interface Price {
  /** Whole US cents a month, per seat where the plan has seats. */
  readonly perMonthCents: number;
  /** What is paid at once: a month's or a year's price. */
  readonly perIntervalCents: number;
  readonly discountPercent: number;
  readonly display: string;
}

export interface Tier {
  readonly plan: Plan;
  readonly month: Price;
  /** Null for a plan that costs nothing. */
  readonly year: Price | null;
  readonly byokDisplay: string;
  readonly orgBucketDisplay: string | null;
  readonly notes: readonly string[];
}

/** `$29` or `$26.10`: cents are shown when there are some. */
export function formatUsd(cents: number): string {
  const dollars = Math.trunc(cents / 100).toLocaleString("en-US");
  const rest = cents % 100;
  return rest === 0 ? `$${dollars}` : `$${dollars}.${String(rest).padStart(2, "0")}`;
}

/** The catalogue as it is offered: the Dev lineup, and the regulated one only where it is switched on. */
export function listTiers(options: { regulatedLineup: boolean }): Tier[] {
  return Object.values(plans)
    .filter((plan) => plan.lineup === "dev" || options.regulatedLineup)
    .map((plan) => ({
      plan,
      month: priceOf(plan, plan.monthlyPriceCents, plan.monthlyPriceCents, 0),
      year: yearPrice(plan),
      byokDisplay: byokDisplay(plan),
      orgBucketDisplay: orgBucketDisplay(plan.orgBucket),
      notes: notesOf(plan),
    }));
}

function yearPrice(plan: Plan): Price | null {
  if (plan.monthlyPriceCents === 0) return null;
  const perYear = annualPriceCents(plan);
  return priceOf(plan, perYear / 12, perYear, plan.annualDiscountPercent);
}

function priceOf(plan: Plan, perMonthCents: number, perIntervalCents: number, discountPercent: number): Price {
  const display = `${formatUsd(perMonthCents)}${plan.perSeat ? " / seat" : ""} / month`;
  return { perMonthCents, perIntervalCents, discountPercent, display };
}

function byokDisplay(plan: Plan): string {
  const pool = plan.orgByokPool;
  if (pool === null) return `${plan.personalByokSlots} personal slots`;
  return pool.base === 0 ? `${pool.perSeat} × seats, pooled` : `${pool.base} + ${pool.perSeat} × seats, pooled`;
}

function orgBucketDisplay(rule: OrgBucketRule): string | null {
  if (rule.kind === "none") return null;
  return rule.kind === "per_seat"
    ? `${rule.callsPerSeat.toLocaleString("en-US")} × seats API calls / day`
    : `${rule.percentOfSeatCalls} % of the seats' own API calls / day`;
}

function notesOf(plan: Plan): string[] {
  const notes = ["Limits reset at 00:00 UTC."];
  if (plan.monthlyPriceCents > 0) {
    notes.push(
      plan.annualDiscountPercent > 0
        ? `Billed annually it costs ${plan.annualDiscountPercent} % less.`
        : "No annual discount: a year is 12 times the monthly price.",
    );
  }
  if (plan.perSeat) notes.push(`At least ${plan.minimumSeats} seats. Limits are per seat-holder.`);
  if (plan.orgBucket.kind !== "none") notes.push("Your own limit is used first, then the org's bucket.");
  return notes;
}
