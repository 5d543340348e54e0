import { fullPiece, type LineContext, type Piece } from "./lines.ts";
import { creditPiece, debitPiece } from "./proration.ts";
import { invalid, missing } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { newItem, spanOf, withPrice } from "./subscriptions.ts";
import type { Subscription, SubscriptionItem } from "./types.ts";
import type { ProrationBehavior } from "./subscription-create.ts";

export interface ItemChangeOrder {
  readonly id?: string | undefined;
  readonly price?: string | undefined;
  readonly quantity?: number | undefined;
  readonly deleted?: boolean | undefined;
  readonly metadata?: Record<string, string> | undefined;
}

export interface ChangeOrder {
  readonly items: readonly ItemChangeOrder[];
  readonly prorationBehavior: ProrationBehavior;
  readonly prorationDate: number | null;
  /** The period starts anew now. */
  readonly anchorNow: boolean;
  /** A new end of the trial; `now` ends it. */
  readonly trialEnd: number | "now" | null;
}

export interface ItemChange {
  readonly items: SubscriptionItem[];
  readonly removedItems: string[];
  readonly pieces: Piece[];
  readonly billingCycleAnchor: number | null;
  readonly trialEnd: number | null;
  /** Must be billed at once: a new period begins now. */
  readonly periodStarts: boolean;
}

function orderedItems(tx: Tx, subscription: Subscription, order: ChangeOrder, atSeconds: number) {
  const before = subscription.items.data;
  const touched = new Map<string, ItemChangeOrder>();
  const added: SubscriptionItem[] = [];
  order.items.forEach((one, index) => {
    const param = `items[${index}]`;
    if (one.id !== undefined) {
      if (!before.some(({ id }) => id === one.id)) throw missing("subscription_item", one.id, `${param}[id]`);
      touched.set(one.id, one);
      return;
    }
    if (one.price === undefined)
      throw invalid("Missing required param: items[price].", `${param}[price]`, "parameter_missing");
    if (before.some(({ price }) => price.id === one.price))
      throw invalid(`Cannot add multiple subscription items with the same price: ${one.price}`, `${param}[price]`);
    const span = spanOf(tx.need("price", one.price, `${param}[price]`), subscription.billing_cycle_anchor, atSeconds);
    added.push(newItem(tx, subscription.id, { ...one, price: one.price }, span, param));
  });
  const kept = before.flatMap((item, index) => {
    const change = touched.get(item.id);
    if (change === undefined) return [item];
    if (change.deleted === true) return [];
    const priced = change.price === undefined ? item : withPrice(tx, item, change.price, `items[${index}][price]`);
    const quantity = change.quantity ?? item.quantity;
    return [{ ...priced, quantity, metadata: { ...item.metadata, ...change.metadata } }];
  });
  if (kept.length + added.length === 0) throw invalid("A subscription must have at least one active price.", "items");
  return { before, after: [...kept, ...added] };
}

const isSame = (one: SubscriptionItem, other: SubscriptionItem): boolean =>
  one.price.id === other.price.id && one.quantity === other.quantity;

const recurs = ({ price }: SubscriptionItem): string =>
  `${price.recurring?.interval} ${price.recurring?.interval_count}`;

/** What a change of items costs and gives back. Nothing is stored. */
export function planItemChange(
  tx: Tx,
  subscription: Subscription,
  order: ChangeOrder,
  context: LineContext,
): ItemChange {
  const atSeconds = order.prorationDate ?? tx.nowSeconds;
  const { before, after } = orderedItems(tx, subscription, order, atSeconds);
  const trialing = subscription.status === "trialing";
  // A schedule's phase may begin at the very end of a trial, before the period is turned.
  const trialOver = trialing && (subscription.trial_end ?? 0) <= tx.nowSeconds;
  const trialGoesOn = trialing && order.trialEnd !== "now" && !trialOver;
  const trialEnd = order.trialEnd === "now" ? tx.nowSeconds : order.trialEnd;
  const newInterval = after.some((item) => {
    const old = before.find(({ id }) => id === item.id);
    return old !== undefined && recurs(old) !== recurs(item);
  });
  if (trialGoesOn || typeof order.trialEnd === "number") {
    const end = typeof order.trialEnd === "number" ? order.trialEnd : (subscription.trial_end ?? tx.nowSeconds);
    return trialChange(
      tx,
      subscription,
      { before, after, end, moved: order.trialEnd !== null, atSeconds },
      order,
      context,
    );
  }
  const restarts = order.anchorNow || newInterval || (trialing && order.trialEnd === "now");
  const anchor = restarts ? tx.nowSeconds : subscription.billing_cycle_anchor;
  const items = restarts ? after.map((item) => ({ ...item, ...currentPeriod(item, anchor) })) : after;
  const prorates = order.prorationBehavior !== "none";
  const credited = before.filter((old) => {
    const next = items.find(({ id }) => id === old.id);
    return restarts || next === undefined || !isSame(old, next);
  });
  const debited = items.filter((item) => {
    const old = before.find(({ id }) => id === item.id);
    return old === undefined || !isSame(old, item);
  });
  const at = restarts ? tx.nowSeconds : atSeconds;
  const credits = prorates ? credited.flatMap((item) => creditPiece(tx, subscription, item, at, context) ?? []) : [];
  const debits = restarts
    ? items.map(fullPiece)
    : prorates
      ? debited.filter((item) => item.current_period_end > at).map((item) => debitPiece(item, at))
      : [];
  return {
    items,
    removedItems: before.filter(({ id }) => !items.some((item) => item.id === id)).map(({ id }) => id),
    pieces: [...credits, ...debits],
    billingCycleAnchor: restarts ? anchor : null,
    trialEnd,
    periodStarts: restarts,
  };
}

const currentPeriod = (item: SubscriptionItem, anchor: number) => {
  const { start, end } = spanOf(item.price, anchor, anchor);
  return { current_period_start: start, current_period_end: end };
};

interface TrialChange {
  readonly before: readonly SubscriptionItem[];
  readonly after: readonly SubscriptionItem[];
  readonly end: number;
  readonly moved: boolean;
  readonly atSeconds: number;
}

/** In a trial nothing is billed; a paid period that becomes a trial is given back. */
function trialChange(
  tx: Tx,
  subscription: Subscription,
  { before, after, end, moved, atSeconds }: TrialChange,
  order: ChangeOrder,
  context: LineContext,
): ItemChange {
  if (end <= tx.nowSeconds) throw invalid("Timestamp must be in the future.", "trial_end");
  const paid = subscription.status !== "trialing" && order.prorationBehavior !== "none";
  return {
    items: after.map((item) => ({
      ...item,
      current_period_start: subscription.status === "trialing" ? item.current_period_start : tx.nowSeconds,
      current_period_end: end,
    })),
    removedItems: before.filter(({ id }) => !after.some((item) => item.id === id)).map(({ id }) => id),
    pieces: paid ? before.flatMap((item) => creditPiece(tx, subscription, item, atSeconds, context) ?? []) : [],
    billingCycleAnchor: moved ? end : null,
    trialEnd: moved ? end : null,
    periodStarts: false,
  };
}
