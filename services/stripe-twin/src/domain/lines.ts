import { shareOf } from "./periods.ts";
import type { Tx } from "./state.ts";
import type { Coupon, Discount, InvoiceItem, InvoiceLine, Price, SubscriptionItem } from "./types.ts";

/** One sum that an item costs, or gives back, for a span of time. */
export interface Piece {
  readonly item: SubscriptionItem;
  readonly grossCents: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly proration: boolean;
  /** Of what is given back: the same share of the discount that it had. */
  readonly creditedDiscount: { readonly cents: number; readonly discount: string } | null;
}

export interface LineContext {
  readonly subscription: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly discounts: readonly Discount[];
  /** 0: not taxed. */
  readonly taxPercent: number;
}

export const taxRateId = "txr_twin_flat";

export const unitCents = (price: Price): number => price.unit_amount ?? 0;
export const grossOf = (item: SubscriptionItem): number => unitCents(item.price) * item.quantity;

export const fullPiece = (item: SubscriptionItem): Piece => ({
  item,
  grossCents: grossOf(item),
  startSeconds: item.current_period_start,
  endSeconds: item.current_period_end,
  proration: false,
  creditedDiscount: null,
});

function describe(tx: Tx, { item, grossCents, proration, startSeconds }: Piece): string {
  const name = tx.find("product", item.price.product)?.name ?? item.price.product;
  if (!proration)
    return `${item.quantity} × ${name} (at $${(unitCents(item.price) / 100).toFixed(2)} / ${item.price.recurring?.interval})`;
  const day = new Date(startSeconds * 1000).toISOString().slice(0, 10);
  return `${grossCents < 0 ? "Unused" : "Remaining"} time on ${item.quantity} × ${name} after ${day}`;
}

const pricingOf = (price: Price): NonNullable<InvoiceLine["pricing"]> => ({
  price_details: { price: price.id, product: price.product },
  type: "price_details",
  unit_amount_decimal: price.unit_amount_decimal,
});

/** A proration that waits for the next invoice. */
export function toInvoiceItem(tx: Tx, piece: Piece, customer: string, context: LineContext): InvoiceItem {
  const { item, grossCents } = piece;
  const discount = discountCentsOf(tx, piece, context);
  return {
    id: tx.newId("ii"),
    object: "invoiceitem",
    amount: grossCents,
    currency: item.price.currency,
    customer,
    customer_account: null,
    date: tx.nowSeconds,
    description: describe(tx, piece),
    discountable: false,
    discounts: discount.map((one) => one.discount),
    invoice: null,
    livemode: false,
    metadata: {},
    net_amount: grossCents - discount.reduce((sum, { amount }) => sum + amount, 0),
    parent: {
      subscription_details: { subscription: context.subscription, subscription_item: item.id },
      type: "subscription_details",
    },
    period: { start: piece.startSeconds, end: piece.endSeconds },
    pricing: pricingOf(item.price),
    proration: true,
    quantity: item.quantity,
    quantity_decimal: String(item.quantity),
    tax_rates: [],
    test_clock: null,
  };
}

interface DiscountAmount {
  readonly amount: number;
  readonly discount: string;
}

function discountCentsOf(
  tx: Tx,
  piece: Piece,
  context: LineContext,
  left = new Map<string, number>(),
): DiscountAmount[] {
  if (piece.creditedDiscount !== null) {
    const { cents, discount } = piece.creditedDiscount;
    return cents === 0 ? [] : [{ amount: -cents, discount }];
  }
  let net = piece.grossCents;
  const amounts: DiscountAmount[] = [];
  for (const discount of context.discounts) {
    const amount = reduction(tx.need("coupon", discount.source.coupon), discount.id, net, left);
    net -= amount;
    if (amount !== 0) amounts.push({ amount, discount: discount.id });
  }
  return amounts;
}

/** An amount off is spent line by line until it is used up. */
function reduction(coupon: Coupon, id: string, netCents: number, left: Map<string, number>): number {
  if (coupon.percent_off !== null) return shareOf(netCents, Math.round(coupon.percent_off * 1000), 100_000);
  const available = left.get(id) ?? coupon.amount_off ?? 0;
  const amount = Math.max(0, Math.min(available, netCents));
  left.set(id, available - amount);
  return amount;
}

function taxesOf(netCents: number, taxPercent: number): InvoiceLine["taxes"] {
  if (taxPercent === 0) return [];
  return [
    {
      amount: shareOf(netCents, taxPercent, 100),
      tax_behavior: "exclusive",
      tax_rate_details: { tax_rate: taxRateId },
      taxability_reason: "standard_rated",
      taxable_amount: netCents,
      type: "tax_rate_details",
    },
  ];
}

/** The lines of one invoice: an amount off is shared by all of them. */
export function linesOf(
  tx: Tx,
  pieces: readonly Piece[],
  waiting: readonly InvoiceItem[],
  context: LineContext,
): InvoiceLine[] {
  const left = new Map<string, number>();
  const fromItems = waiting.map((one): InvoiceLine => {
    const discounted = one.amount - (one.net_amount ?? one.amount);
    const discount = one.discounts?.[0];
    return line(tx, context, {
      amount: one.amount,
      currency: one.currency,
      description: one.description,
      discounts: discount === undefined ? [] : [{ amount: discounted, discount: discount as string }],
      invoiceItem: one.id,
      subscriptionItem: one.parent?.subscription_details?.subscription_item ?? "",
      proration: one.proration,
      period: one.period,
      pricing: one.pricing,
      quantity: one.quantity,
    });
  });
  const fromPieces = pieces.map((piece) =>
    line(tx, context, {
      amount: piece.grossCents,
      currency: piece.item.price.currency,
      description: describe(tx, piece),
      discounts: discountCentsOf(tx, piece, context, left),
      invoiceItem: null,
      subscriptionItem: piece.item.id,
      proration: piece.proration,
      period: { start: piece.startSeconds, end: piece.endSeconds },
      pricing: pricingOf(piece.item.price),
      quantity: piece.item.quantity,
    }),
  );
  return [...fromItems, ...fromPieces];
}

interface LineFacts {
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly discounts: DiscountAmount[];
  readonly invoiceItem: string | null;
  readonly subscriptionItem: string;
  readonly proration: boolean;
  readonly period: InvoiceLine["period"];
  readonly pricing: InvoiceLine["pricing"];
  readonly quantity: number;
}

function line(tx: Tx, context: LineContext, facts: LineFacts): InvoiceLine {
  const net = facts.amount - facts.discounts.reduce((sum, { amount }) => sum + amount, 0);
  return {
    id: tx.newId("il"),
    object: "line_item",
    amount: facts.amount,
    currency: facts.currency,
    description: facts.description,
    discount_amounts: facts.discounts,
    discountable: !facts.proration,
    discounts: facts.discounts.map(({ discount }) => discount),
    invoice: null,
    livemode: false,
    metadata: { ...context.metadata },
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: facts.invoiceItem,
        proration: facts.proration,
        proration_details: facts.proration ? { credited_items: null } : null,
        subscription: context.subscription,
        subscription_item: facts.subscriptionItem,
      },
      type: "subscription_item_details",
    },
    period: facts.period,
    pretax_credit_amounts: [],
    pricing: facts.pricing,
    quantity: facts.quantity,
    quantity_decimal: String(facts.quantity),
    subscription: context.subscription,
    subtotal: facts.amount,
    taxes: taxesOf(net, context.taxPercent),
  };
}
