import type { Governing } from "./governing.ts";
import type { StripeDiscount, StripeSubscription } from "./stripe-subscription.ts";
import { isLive } from "./stripe-subscription.ts";

/** A millionth of a US dollar: a twelfth of a cent-priced year is not a whole cent. */
const microUsdPerCent = 10_000n;
const percentMilliBase = 100_000n;

/** What recurs in a month, in micro-USD: without tax, after discounts, a year's price divided by 12. Nothing for a trial or an unpaid plan. */
export function mrrMicroUsd(governing: Governing | null, nowMs: number): bigint {
  if (governing === null || !isLive(governing.subscription)) return 0n;
  const { subscription } = governing;
  if (subscription.status !== "active" && subscription.status !== "past_due") return 0n;
  const discounts = subscription.discounts.filter(({ end }) => end === null || end.getTime() > nowMs);
  return roundHalfEven(afterDiscounts(subscription, discounts));
}

/** As a fraction, rounded once at the end. */
type Fraction = readonly [numerator: bigint, denominator: bigint];

function afterDiscounts({ items }: StripeSubscription, discounts: readonly StripeDiscount[]): Fraction {
  let months = 1n;
  let total = 0n;
  for (const { unitAmountCents, quantity, months: itemMonths } of items) {
    const itemTotal = BigInt(unitAmountCents ?? 0) * BigInt(quantity) * microUsdPerCent;
    // Items of one subscription that differ in interval are brought to a common number of months.
    total = total * BigInt(itemMonths) + itemTotal * months;
    months *= BigInt(itemMonths);
  }
  let amount: Fraction = [total, months];
  const intervalMonths = BigInt(Math.max(1, ...items.map((item) => item.months)));
  for (const { percentOffMilli, amountOffCents } of discounts) {
    if (percentOffMilli !== null)
      amount = [amount[0] * (percentMilliBase - BigInt(percentOffMilli)), amount[1] * percentMilliBase];
    else if (amountOffCents !== null) {
      const off = BigInt(amountOffCents) * microUsdPerCent;
      amount = [amount[0] * intervalMonths - off * amount[1], amount[1] * intervalMonths];
    }
  }
  return amount[0] < 0n ? [0n, 1n] : amount;
}

function roundHalfEven([numerator, denominator]: Fraction): bigint {
  const whole = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice < denominator || (twice === denominator && whole % 2n === 0n)) return whole;
  return whole + 1n;
}

export type MovementKind = "new" | "expansion" | "contraction" | "churn" | "reactivation";

/** What a change of an owner's MRR is called; null when it stayed the same. */
export function movementOf(before: bigint, after: bigint, paidBefore: boolean): MovementKind | null {
  if (before === after) return null;
  if (before === 0n) return paidBefore ? "reactivation" : "new";
  if (after === 0n) return "churn";
  return after > before ? "expansion" : "contraction";
}
