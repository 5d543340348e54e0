import { noChange, updateSubscription } from "./subscription-update.ts";
import { endSubscription } from "./subscription-end.ts";
import { periodBorder } from "./periods.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { isEnded, recurringPrice, saveSubscription } from "./subscriptions.ts";
import type { ProrationBehavior } from "./subscription-create.ts";
import type { Schedule, SchedulePhase, Subscription } from "./types.ts";

export interface PhaseOrder {
  readonly items: readonly { readonly price: string; readonly quantity: number }[];
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly duration: { readonly interval: string; readonly interval_count: number } | null;
  readonly prorationBehavior: ProrationBehavior;
  readonly metadata: Record<string, string> | null;
}

interface PhaseFacts {
  readonly items: readonly { readonly price: string; readonly quantity: number }[];
  readonly start: number;
  readonly end: number;
  readonly prorationBehavior: ProrationBehavior;
  readonly metadata: Record<string, string> | null;
}

const toPhase = (tx: Tx, { items, start, end, prorationBehavior, metadata }: PhaseFacts): SchedulePhase => ({
  add_invoice_items: [],
  application_fee_percent: null,
  billing_cycle_anchor: null,
  billing_thresholds: null,
  collection_method: null,
  currency: tx.need("price", items[0]!.price).currency,
  default_payment_method: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  end_date: end,
  invoice_settings: null,
  items: items.map(({ price, quantity }) => ({
    billing_thresholds: null,
    discounts: [],
    metadata: null,
    plan: price,
    price,
    quantity,
    tax_rates: [],
  })),
  metadata,
  on_behalf_of: null,
  proration_behavior: prorationBehavior,
  start_date: start,
  transfer_data: null,
  trial_end: null,
});

/** A schedule whose one phase is the subscription as it is, until its period ends. */
export function scheduleFrom(tx: Tx, subscriptionId: string): Schedule {
  const subscription = tx.need("subscription", subscriptionId, "from_subscription");
  if (isEnded(subscription)) throw invalid("You cannot migrate a subscription that has ended.", "from_subscription");
  if (subscription.schedule !== null)
    throw invalid(
      `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}.`,
      "from_subscription",
    );
  const { data } = subscription.items;
  const phase = toPhase(tx, {
    items: data.map(({ price, quantity }) => ({ price: price.id, quantity })),
    start: Math.min(...data.map((item) => item.current_period_start)),
    end: Math.max(...data.map((item) => item.current_period_end)),
    prorationBehavior: "create_prorations",
    metadata: {},
  });
  const schedule: Schedule = {
    id: tx.newId("sub_sched"),
    object: "subscription_schedule",
    application: null,
    billing_mode: { flexible: subscription.billing_mode.flexible, type: subscription.billing_mode.type },
    canceled_at: null,
    completed_at: null,
    created: tx.nowSeconds,
    current_phase: { start_date: phase.start_date, end_date: phase.end_date },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: "automatic",
      billing_thresholds: null,
      collection_method: "charge_automatically",
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        days_until_due: null,
        issuer: { type: "self" },
      } as Schedule["default_settings"]["invoice_settings"],
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: "release",
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [phase],
    released_at: null,
    released_subscription: null,
    status: "active",
    subscription: subscription.id,
    test_clock: null,
  };
  tx.put("subscription_schedule", schedule);
  tx.emit("subscription_schedule.created", schedule);
  saveSubscription(tx, { ...subscription, schedule: schedule.id });
  return schedule;
}

const openSchedule = (tx: Tx, id: string): Schedule => {
  const schedule = tx.need("subscription_schedule", id);
  if (schedule.status === "active" || schedule.status === "not_started") return schedule;
  throw invalid(`You cannot update a subscription schedule that is currently in the \`${schedule.status}\` status.`);
};

export interface ScheduleChange {
  readonly phases: readonly PhaseOrder[] | undefined;
  readonly endBehavior: Schedule["end_behavior"] | undefined;
  readonly metadata: Record<string, string> | undefined;
}

export function updateSchedule(tx: Tx, id: string, { phases, endBehavior, metadata }: ScheduleChange): Schedule {
  const before = openSchedule(tx, id);
  const next: Schedule = {
    ...before,
    ...(endBehavior === undefined ? {} : { end_behavior: endBehavior }),
    ...(metadata === undefined ? {} : { metadata: { ...before.metadata, ...metadata } }),
    ...(phases === undefined ? {} : { phases: layPhases(tx, before, phases) }),
  };
  tx.put("subscription_schedule", next);
  tx.emit("subscription_schedule.updated", next);
  return next;
}

/** Phases follow each other without a gap; the current one keeps its start. */
function layPhases(tx: Tx, before: Schedule, orders: readonly PhaseOrder[]): SchedulePhase[] {
  if (orders.length === 0) throw invalid("Missing required param: phases.", "phases", "parameter_missing");
  let start = before.current_phase?.start_date ?? before.phases[0]!.start_date;
  return orders.map((order, index) => {
    const param = `phases[${index}]`;
    if (order.startDate !== null && order.startDate !== start)
      throw invalid(
        index === 0
          ? "You can not modify the start date of the current phase."
          : "The start_date of a phase must be equal to the end_date of the phase before it.",
        `${param}[start_date]`,
      );
    if (order.items.length === 0)
      throw invalid("Missing required param: items.", `${param}[items]`, "parameter_missing");
    const price = recurringPrice(tx, order.items[0]!.price, `${param}[items][0][price]`);
    const end = order.endDate ?? periodBorder(start, order.duration ?? price.recurring, 1);
    if (end <= start || (index === 0 && end <= tx.nowSeconds))
      throw invalid("The end_date of a phase must be in the future and after its start_date.", `${param}[end_date]`);
    const phase = toPhase(tx, { ...order, start, end });
    start = end;
    return phase;
  });
}

export function releaseSchedule(tx: Tx, id: string): Schedule {
  const before = openSchedule(tx, id);
  const released: Schedule = {
    ...before,
    status: "released",
    released_at: tx.nowSeconds,
    released_subscription: before.subscription,
    subscription: null,
    current_phase: null,
  };
  tx.put("subscription_schedule", released);
  detach(tx, before);
  tx.emit("subscription_schedule.released", released);
  return released;
}

function detach(tx: Tx, { subscription }: Schedule): void {
  const found = subscription === null ? undefined : tx.find("subscription", subscription);
  if (found !== undefined) saveSubscription(tx, { ...found, schedule: null });
}

export function cancelSchedule(tx: Tx, id: string): Schedule {
  const { subscription } = openSchedule(tx, id);
  if (subscription !== null) endSubscription(tx, subscription, { reason: "cancellation_requested" });
  return tx.need("subscription_schedule", id);
}

/** The phase that ends now gives way to the next one, before the period is turned. */
export function turnPhase(tx: Tx, id: string): void {
  const schedule = openSchedule(tx, id);
  const next = schedule.phases.find(
    ({ start_date, end_date }) => start_date <= tx.nowSeconds && end_date > tx.nowSeconds,
  );
  if (next === undefined) return endPhases(tx, schedule);
  const moved: Schedule = { ...schedule, current_phase: { start_date: next.start_date, end_date: next.end_date } };
  tx.put("subscription_schedule", moved);
  if (schedule.subscription !== null) applyPhase(tx, tx.need("subscription", schedule.subscription), next);
  tx.emit("subscription_schedule.updated", moved);
}

function endPhases(tx: Tx, schedule: Schedule): void {
  if (schedule.end_behavior === "cancel" && schedule.subscription !== null) {
    endSubscription(tx, schedule.subscription, { reason: "cancellation_requested" });
    return;
  }
  releaseSchedule(tx, schedule.id);
}

/** At the end of a period nothing is left to prorate: a new interval starts with this moment as its anchor. */
function applyPhase(tx: Tx, subscription: Subscription, phase: SchedulePhase): void {
  const { data } = subscription.items;
  const items = phase.items.map(({ price, quantity }, index) => ({ id: data[index]?.id, price, quantity }));
  const dropped = data.slice(items.length).map(({ id }) => ({ id, deleted: true }));
  updateSubscription(tx, subscription.id, {
    ...noChange,
    items: [...items, ...dropped],
    prorationBehavior: phase.proration_behavior as ProrationBehavior,
    metadata: phase.metadata ?? undefined,
  });
}
