/** A subscription at Stripe, with only what decides here. Statuses are open: Stripe may have new ones. */
export interface StripeSubscription {
  readonly id: string;
  readonly status: string;
  readonly createdAt: Date;
  readonly items: readonly StripeItem[];
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: Date | null;
  readonly endedAt: Date | null;
  readonly trialEnd: Date | null;
  /** Charges are not collected for now; the status does not tell it. */
  readonly collectionPaused: boolean;
  /** Stripe goes on without tax, for want of an address. */
  readonly taxLocationMissing: boolean;
  /** A change waits for its payment. */
  readonly changePending: boolean;
  /** When the oldest payment failed that is still owed; null when none is. */
  readonly unpaidSince: Date | null;
  /** Where the customer can pay or confirm what is open. */
  readonly paymentUrl: string | null;
  readonly scheduleId: string | null;
  readonly scheduled: ScheduledItem | null;
  readonly discounts: readonly StripeDiscount[];
}

export interface StripeItem {
  readonly id: string;
  readonly priceId: string;
  readonly quantity: number;
  /** US cents for one unit and interval, without tax; null for a price that has no such amount. */
  readonly unitAmountCents: number | null;
  readonly months: number;
  readonly periodEnd: Date | null;
}

/** What a schedule will change to. */
export interface ScheduledItem {
  readonly priceId: string;
  readonly quantity: number;
  readonly at: Date;
}

/** One that lowers what recurs: a coupon for one invoice does not. */
export interface StripeDiscount {
  /** Thousandths of a percent, so that 12.5 % is a whole number. */
  readonly percentOffMilli: number | null;
  /** US cents off each invoice. */
  readonly amountOffCents: number | null;
  readonly end: Date | null;
}

const liveStatuses = ["active", "trialing", "past_due", "unpaid", "paused", "incomplete"];
const endedStatuses = ["canceled", "incomplete_expired"];

/** Not ended: it can still cost or come to cost something. An unknown status is live. */
export const isLive = ({ status }: Pick<StripeSubscription, "status">): boolean => !endedStatuses.includes(status);

export const isKnownStatus = (status: string): boolean =>
  liveStatuses.includes(status) || endedStatuses.includes(status);

const latest = (dates: readonly (Date | null)[]): Date | null =>
  dates.reduce<Date | null>((found, one) => (one !== null && (found === null || one > found) ? one : found), null);
const earliest = (dates: readonly (Date | null)[]): Date | null =>
  dates.reduce<Date | null>((found, one) => (one !== null && (found === null || one < found) ? one : found), null);

/** When it renews: items may have periods of their own. */
export const renewsAt = ({ items }: StripeSubscription): Date | null =>
  earliest(items.map(({ periodEnd }) => periodEnd));

/** When it ends or ended; null while no end is set. `canceled_at` is when somebody asked for it, and no end. */
export function effectiveEnd(subscription: StripeSubscription): Date | null {
  const { endedAt, cancelAt, cancelAtPeriodEnd, items } = subscription;
  return endedAt ?? cancelAt ?? (cancelAtPeriodEnd ? latest(items.map(({ periodEnd }) => periodEnd)) : null);
}
