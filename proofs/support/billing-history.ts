import { plans } from "@topdog/contracts/plans";
import { sessionOf } from "@topdog/testing/account-call";
import { billingIntervals, paidPlanIds, twinPriceId } from "@topdog/contracts/stripe-prices";
import * as fc from "fast-check";
import type { Stripe } from "stripe";
import type { BillingRig } from "./billing-rig.ts";
import { answerBank, payAt } from "./hosted-pages.ts";
import { buy, giveCard, type Purchase } from "./purchases.ts";

/** The lesser and the greater plan; an org has those with seats in their place. */
const sizes = ["pro", "pro_plus"] as const;
type Size = (typeof sizes)[number];
const interval = fc.constantFrom("month" as const, "year" as const);
/** Two persons and an org. */
const owner = fc.nat({ max: 2 });
const cards = ["pm_card_visa", "pm_card_chargeCustomerFail"] as const;
/** Whoever comes to the checkout pays, is declined, answers the bank's question in both ways, or leaves. */
const atCheckout = fc.constantFrom(
  { number: "4242424242424242", bank: null },
  { number: "4000000000000002", bank: null },
  { number: "4000002760003184", bank: "pass" as const },
  { number: "4000002760003184", bank: "fail" as const },
  null,
);
const seats = fc.integer({ min: 1, max: 13 });

/** One thing that a customer, an operator at Stripe's dashboard, or time does. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("buy" as const),
      owner,
      plan: fc.constantFrom(...sizes),
      interval,
      trial: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("checkout" as const),
      owner,
      plan: fc.constantFrom(...sizes),
      interval,
      payer: atCheckout,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom("seats" as const, "seats at stripe" as const), owner, seats }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant("change" as const), owner, plan: fc.constantFrom(...sizes), interval }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("change at stripe" as const),
      owner,
      plan: fc.constantFrom(...sizes),
      interval,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("cancel" as const, "resume" as const), owner }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom("end at stripe" as const, "delete at stripe" as const), owner }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("card" as const), owner, card: fc.constantFrom(...cards) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("wait" as const), days: fc.constantFrom(1, 3, 8, 31) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("sweep" as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const share = fc.constantFrom(0, 0, 0.2, 0.6);
export const faultPlan = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  webhooks: fc.record({
    neverGenerate: share,
    duplicateEvent: share,
    duplicate: share,
    drop: share,
    reorder: share,
    delay: share,
    stale: share,
    wrongSignature: share,
    oldTimestamp: share,
    futureTimestamp: share,
    wrongApiVersion: share,
    otherMode: share,
  }),
  api: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom("409" as const, "429" as const), ratio: fc.constantFrom(0.05, 0.2) }),
      fc.record({
        kind: fc.constantFrom("500" as const, "reset" as const),
        when: fc.constantFrom("before" as const, "after" as const),
        ratio: fc.constantFrom<number>(0.05, 0.2),
      }),
    ),
    { maxLength: 2 },
  ),
});
type FaultPlan = typeof faultPlan extends fc.Arbitrary<infer T> ? T : never;
export const steps = fc.array(step, { minLength: 1, maxLength: 14, size: "max" });

const noFaults: FaultPlan = {
  seed: 0,
  webhooks: {
    neverGenerate: 0,
    duplicateEvent: 0,
    duplicate: 0,
    drop: 0,
    reorder: 0,
    delay: 0,
    stale: 0,
    wrongSignature: 0,
    oldTimestamp: 0,
    futureTimestamp: 0,
    wrongApiVersion: 0,
    otherMode: 0,
  },
  api: [],
};

/** Histories that failed once: they are played in every run. */
export const found: [Step[], FaultPlan][] = [
  // A year, given back at Stripe's dashboard within its first second, is the first month paid for again.
  [
    [
      { act: "buy", owner: 1, plan: "pro", interval: "month", trial: false },
      { act: "change", owner: 1, plan: "pro", interval: "year" },
      { act: "change at stripe", owner: 1, plan: "pro", interval: "month" },
    ],
    noFaults,
  ],
  // Stripe keeps a fault of its own under the key that the owner's customer was asked for with, and repeats it for a day.
  [
    [{ act: "checkout", owner: 0, plan: "pro", interval: "month", payer: null }],
    { ...noFaults, api: [{ kind: "500", when: "after", ratio: 1 }] },
  ],
];

/** Plays one step. What is refused, by us or by Stripe, is part of the history. */
export async function play(rig: BillingRig, owners: readonly string[], one: Step): Promise<void> {
  try {
    await act(rig, owners, one);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/** The twin's faults reach the history's own hands at Stripe too. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === "AppError" || "rawType" in error || error.constructor.name.startsWith("Stripe"));

async function act(rig: BillingRig, owners: readonly string[], one: Step): Promise<void> {
  if (one.act === "wait") return rig.advance({ days: one.days });
  if (one.act === "sweep") return;
  const name = owners[one.owner] ?? "";
  const org = name.startsWith("org:") ? name.slice("org:".length) : null;
  const person = sessionOf(org === null ? name.slice("user:".length) : payerOf(org));
  const query = org === null ? "" : `?org=${org}`;
  const call = (path: string, body: object) => rig.call("POST", `/api/billing/${path}${query}`, person, body);
  switch (one.act) {
    case "buy": {
      const more = one.trial ? { trial_period_days: 5 } : {};
      const plan = planOf(name, one.plan);
      const wanted: Purchase = { plan, interval: one.interval, seats: plans[plan].minimumSeats, more };
      await buy(rig, name, wanted);
      return;
    }
    case "checkout": {
      const { body } = await call("checkout", { plan: planOf(name, one.plan), interval: one.interval });
      if (one.payer === null || typeof body.url !== "string") return;
      const { number, bank } = one.payer;
      // A page that says that the card was declined leads nowhere.
      const next = await payAt(body.url, number).catch(() => null);
      if (next !== null && bank !== null) await answerBank(next, bank);
      return;
    }
    case "seats":
      await call("seats", { seats: one.seats });
      return;
    case "change":
      await call("change-plan", { plan: planOf(name, one.plan), interval: one.interval });
      return;
    case "cancel":
    case "resume":
      await call(one.act, {});
      return;
    default:
      await atStripe(rig, name, one);
  }
}

/** Who buys for an org. */
export const payerOf = (org: string): string => `usr_of_${org}`;

const planOf = (owner: string, size: Size): Purchase["plan"] => {
  if (!owner.startsWith("org:")) return size;
  return size === "pro" ? "teams" : "enterprise";
};

async function atStripe({ stripe, billing }: BillingRig, name: string, one: Step): Promise<void> {
  const { rows } = await billing.db.raw<{ rows: { id: string | null }[] }>(
    "select stripe_customer_id as id from customer where owner = ?",
    [name],
  );
  const customer = rows[0]?.id;
  if (customer == null) return;
  if (one.act === "delete at stripe") return void (await stripe.customers.del(customer));
  if (one.act === "card") return giveCard({ stripe }, customer, one.card);
  const [held] = (await stripe.subscriptions.list({ customer })).data;
  if (held === undefined) return;
  if (one.act === "end at stripe") return void (await stripe.subscriptions.cancel(held.id));
  const { id } = held.items.data[0]!;
  if (one.act === "change at stripe") {
    await stripe.subscriptions.update(held.id, {
      items: [{ id, price: twinPriceId(planOf(name, one.plan), one.interval) }],
    });
  }
  if (one.act === "seats at stripe" && name.startsWith("org:"))
    await stripe.subscriptions.update(held.id, { items: [{ id, quantity: one.seats }] });
}

const graceSeconds = 7 * 86_400;
const isOver = ({ cancel_at: at, cancel_at_period_end: atEnd, items }: Stripe.Subscription, now: number): boolean =>
  (at !== null && at <= now) || (atEnd && items.data.every((item) => item.current_period_end <= now));

/** What the product page promises for what Stripe has, written down a second time from the page and from Stripe's own objects. */
export async function promised({ stripe, ...rig }: BillingRig, customer: string | null): Promise<string> {
  const now = rig.nowMs() / 1000;
  if (customer === null) return "free";
  const all = (await stripe.subscriptions.list({ customer, status: "all" })).data.filter((one) => !isOver(one, now));
  const standing = [
    all.filter(({ status }) => status === "active"),
    all.filter(({ status }) => status === "trialing"),
    all.filter(({ status }) => status === "past_due"),
  ].find((some) => some.length > 0);
  if (standing === undefined) return "free";
  const sold = standing.map((one) => {
    const { price, quantity = 1 } = one.items.data[0]!;
    const { plan, interval: by } = soldAs.get(price.id)!;
    return { one, plan, by, seats: quantity, value: plans[plan].monthlyPriceCents * quantity };
  });
  const [best] = sold.toSorted(
    (a, b) => b.value - a.value || b.one.created - a.one.created || (a.one.id < b.one.id ? -1 : 1),
  );
  if (best === undefined) return "free";
  if (best.one.status === "past_due" && (await owedSince(stripe, best.one.id)) + graceSeconds <= now) return "free";
  return `${best.plan} by the ${best.by}, seats: ${best.seats}`;
}

const soldAs = new Map(
  paidPlanIds.flatMap((plan) => billingIntervals.map((by) => [twinPriceId(plan, by), { plan, interval: by }] as const)),
);

async function owedSince(stripe: Stripe, subscription: string): Promise<number> {
  const invoices = (await stripe.invoices.list({ subscription, limit: 100 })).data;
  const lastPaid = invoices.findIndex(
    ({ status, amount_paid: cents, billing_reason: reason }) =>
      status === "paid" && (cents > 0 || reason === "subscription_cycle"),
  );
  const owed = invoices.slice(0, lastPaid < 0 ? invoices.length : lastPaid);
  const failed = owed.filter(({ status }) => status === "open" || status === "uncollectible");
  return Math.min(...failed.map((one) => one.status_transitions.finalized_at ?? one.created));
}
