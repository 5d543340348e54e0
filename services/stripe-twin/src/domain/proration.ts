import { grossOf, type LineContext, type Piece } from "./lines.ts";
import { shareOf } from "./periods.ts";
import type { Debit } from "./records.ts";
import type { Tx } from "./state.ts";
import type { InvoiceLine, Subscription, SubscriptionItem } from "./types.ts";

/** What these lines bill in advance, so that a later proration can give the unused part back. */
export function debitsOf(lines: readonly InvoiceLine[]): Debit[] {
  return lines.flatMap((line) => {
    const item = line.parent?.subscription_item_details?.subscription_item;
    if (item === undefined || line.amount < 0) return [];
    return [
      {
        id: item,
        startSeconds: line.period.start,
        endSeconds: line.period.end,
        grossCents: line.amount,
        discountCents: line.discount_amounts.reduce((sum, { amount }) => sum + amount, 0),
      },
    ];
  });
}

/**
 * The unused part of an item. Flexible billing gives back a share of what was billed for it, with its discount; classic
 * billing a share of its price now.
 */
export function creditPiece(
  tx: Tx,
  subscription: Subscription,
  item: SubscriptionItem,
  atSeconds: number,
  context: LineContext,
): Piece | null {
  if (item.current_period_end <= atSeconds) return null;
  const debit = tx.find("debit", item.id);
  const base = { item, startSeconds: atSeconds, endSeconds: item.current_period_end, proration: true };
  if (subscription.billing_mode.type === "classic" && subscription.status !== "trialing") {
    const { current_period_start: start, current_period_end: end } = item;
    return { ...base, grossCents: -shareOf(grossOf(item), end - atSeconds, end - start), creditedDiscount: null };
  }
  if (debit === undefined || debit.endSeconds <= atSeconds || debit.grossCents === 0) return null;
  const part = debit.endSeconds - Math.max(atSeconds, debit.startSeconds);
  const whole = debit.endSeconds - debit.startSeconds;
  const discount = context.discounts[0]?.id ?? lastDiscount(subscription);
  const creditedDiscount =
    discount === undefined ? null : { cents: shareOf(debit.discountCents, part, whole), discount };
  return { ...base, grossCents: -shareOf(debit.grossCents, part, whole), creditedDiscount };
}

const lastDiscount = ({ discounts }: Subscription): string | undefined => discounts.at(-1);

/** The rest of the current period at an item's new price and quantity. */
export function debitPiece(item: SubscriptionItem, atSeconds: number): Piece {
  const { current_period_start: start, current_period_end: end } = item;
  return {
    item,
    grossCents: shareOf(grossOf(item), end - atSeconds, end - start),
    startSeconds: atSeconds,
    endSeconds: end,
    proration: true,
    creditedDiscount: null,
  };
}
