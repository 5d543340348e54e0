import { standardConfigurationId } from "./portal-configurations.ts";
import { grossOf } from "./lines.ts";
import { releaseSchedule, scheduleFrom, updateSchedule } from "./schedules.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { noChange, updateSubscription } from "./subscription-update.ts";
import { isEnded, withPrice } from "./subscriptions.ts";
import type { PortalConfiguration, PortalSession, Subscription, SubscriptionItem } from "./types.ts";

export interface PortalOrder {
  readonly customer: string;
  readonly configuration: string | null;
  readonly returnUrl: string | null;
}

export function createPortalSession(tx: Tx, order: PortalOrder): PortalSession {
  const configuration = tx.need(
    "billing_portal.configuration",
    order.configuration ?? standardConfigurationId,
    "configuration",
  );
  if (!configuration.active) throw invalid("This portal configuration is not active.", "configuration");
  const id = tx.newId("bps");
  const session: PortalSession = {
    id,
    object: "billing_portal.session",
    configuration: configuration.id,
    created: tx.nowSeconds,
    customer: tx.need("customer", order.customer, "customer").id,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: order.returnUrl ?? configuration.default_return_url,
    url: `${tx.baseUrl}/pay/portal/${id}`,
  };
  tx.put("billing_portal.session", session);
  tx.emit("billing_portal.session.created", session);
  return session;
}

export const subscriptionsOf = (tx: Tx, customer: string): Subscription[] =>
  tx.all("subscription").filter((one) => one.customer === customer && !isEnded(one) && one.status !== "incomplete");

/** The one that a form names, if it is this customer's. */
export function ownSubscription(tx: Tx, session: PortalSession, id: string): Subscription {
  const subscription = tx.need("subscription", id);
  if (subscription.customer !== session.customer) throw invalid("This subscription is not yours.");
  return subscription;
}

const monthsOf = ({ price }: SubscriptionItem): number =>
  (price.recurring?.interval === "year" ? 12 : 1) * (price.recurring?.interval_count ?? 1);

/** The conditions of the configuration under which a change waits for the end of the period. */
function waits(before: SubscriptionItem, after: SubscriptionItem, { features }: PortalConfiguration): boolean {
  const conditions = features.subscription_update.schedule_at_period_end.conditions.map(({ type }) => type);
  const shortens = monthsOf(after) < monthsOf(before);
  const decreases = grossOf(after) * monthsOf(before) < grossOf(before) * monthsOf(after);
  return (
    (conditions.includes("shortening_interval") && shortens) ||
    (conditions.includes("decreasing_item_amount") && decreases && monthsOf(after) === monthsOf(before))
  );
}

function checkedQuantity(configuration: PortalConfiguration, price: string, quantity: number): number {
  const product = configuration.features.subscription_update.products?.find(({ prices }) => prices.includes(price));
  if (!configuration.features.subscription_update.enabled || product === undefined)
    throw invalid("The portal does not sell this price.");
  const { enabled, minimum, maximum } = product.adjustable_quantity;
  if (!enabled) return 1;
  if (quantity < minimum || quantity > (maximum ?? quantity))
    throw invalid(`The quantity must be at least ${minimum}${maximum === null ? "" : ` and at most ${maximum}`}.`);
  return quantity;
}

/** A customer changes plan or seats: up now and paid first, down when the period ends, as the configuration says. */
export function changeByPortal(tx: Tx, session: PortalSession, id: string, price: string, wanted: number): void {
  const configuration = tx.need("billing_portal.configuration", session.configuration);
  const owned = ownSubscription(tx, session, id);
  const quantity = checkedQuantity(configuration, price, wanted);
  if (owned.schedule !== null) releaseSchedule(tx, owned.schedule);
  const subscription = tx.need("subscription", id);
  const item = subscription.items.data[0]!;
  const next = { ...withPrice(tx, item, price, "price"), quantity };
  if (subscription.status !== "trialing" && waits(item, next, configuration)) {
    const schedule = scheduleFrom(tx, id);
    const { start_date: startDate, end_date: endDate } = schedule.phases[0]!;
    const phase = { duration: null, prorationBehavior: "none", metadata: null } as const;
    updateSchedule(tx, schedule.id, {
      endBehavior: "release",
      metadata: undefined,
      phases: [
        { ...phase, items: [{ price: item.price.id, quantity: item.quantity }], startDate, endDate },
        { ...phase, items: [{ price, quantity }], startDate: endDate, endDate: null },
      ],
    });
    return;
  }
  updateSubscription(tx, id, {
    ...noChange,
    items: [{ id: item.id, price, quantity }],
    prorationBehavior: configuration.features.subscription_update.proration_behavior as "always_invoice",
    paymentBehavior: "pending_if_incomplete",
  });
}

export function cancelByPortal(tx: Tx, session: PortalSession, id: string, cancelAtPeriodEnd: boolean): void {
  const { features } = tx.need("billing_portal.configuration", session.configuration);
  if (!features.subscription_cancel.enabled) throw invalid("The portal does not cancel subscriptions.");
  const { schedule } = ownSubscription(tx, session, id);
  if (schedule !== null) releaseSchedule(tx, schedule);
  updateSubscription(tx, id, { ...noChange, cancelAtPeriodEnd });
}
