import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { twinPriceId } from "@topdog/contracts/stripe-prices";
import { eventually } from "@topdog/testing/eventually";
import { Stripe } from "stripe";
import { type BillingRig, startBillingRig, webhookSecret } from "../support/billing-rig.ts";
import { buy } from "../support/purchases.ts";
import { eventForms, eventInForm, type SentEvent } from "../support/stripe-events.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
  // Each test brings the events itself.
  await rig.control("PUT", "faults", { webhooks: { neverGenerate: 1 } });
});
afterAll(() => rig.stop());

type Row = Record<string, unknown>;
const rowsOf = async (sql: string, values: string[]): Promise<Row[]> =>
  (await rig.billing.db.raw<{ rows: Row[] }>(sql, values)).rows;
const inForce = async (owner: string): Promise<Row | undefined> =>
  (await rowsOf("select plan, interval, seats, status from subscription where owner = ?", [owner]))[0];

/** The event comes in as Stripe sends it; done when what it led to is stored. */
async function deliver(event: SentEvent): Promise<void> {
  await post(event);
  await eventually(
    async () => {
      expect(await rowsOf("select state from webhook_event where id = ?", [event.id])).toEqual([{ state: "done" }]);
    },
    { intervalMs: 5 },
  );
}

async function post(event: SentEvent): Promise<void> {
  const payload = JSON.stringify(event);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret });
  const answer = await fetch(`${rig.billing.url}/api/billing/webhook`, {
    method: "POST",
    body: payload,
    headers: { "content-type": "application/json", "stripe-signature": signature },
  });
  expect(answer.status).toBe(200);
}

/** The life of a subscription: what each step brings, and the events that it makes. */
const life = [
  { plan: "pro", interval: "month", seats: 1, status: "active" },
  { plan: "pro_plus", interval: "month", seats: 1, status: "active" },
  { plan: "pro_plus", interval: "year", seats: 1, status: "active" },
  { plan: "free", interval: "month", seats: 1, status: "canceled" },
];
const created = { type: "customer.subscription.created", madeBy: 0 };
const paid = { type: "invoice.paid", madeBy: 0 };
const swapped = (one: typeof created): typeof created => (one === created ? paid : one === paid ? created : one);
const events = [
  created,
  paid,
  { type: "customer.subscription.updated", madeBy: 1 },
  { type: "customer.subscription.updated", madeBy: 2 },
  { type: "customer.subscription.deleted", madeBy: 3 },
];

function ordersOf<T>(all: readonly T[]): T[][] {
  if (all.length <= 1) return [[...all]];
  return all.flatMap((one, index) => ordersOf(all.toSpliced(index, 1)).map((rest) => [one, ...rest]));
}

async function step({ stripe }: BillingRig, to: number, subscription: Stripe.Subscription): Promise<void> {
  const { id, items } = subscription;
  if (to === 3) return void (await stripe.subscriptions.cancel(id));
  const price = twinPriceId("pro_plus", to === 1 ? "month" : "year");
  await stripe.subscriptions.update(id, { items: [{ id: items.data[0]!.id, price }] });
}

/** Everything happens within one second of Stripe's clock. An event cannot come before what it tells: the life goes on until then. */
async function live(owner: string, order: typeof events, form: string): Promise<void> {
  const subscription = await buy(rig, owner, { plan: "pro" });
  let at = 0;
  for (const [index, { type, madeBy }] of order.entries()) {
    while (at < madeBy) await step(rig, (at += 1), subscription);
    const facts = { id: `evt_${owner.slice("user:".length)}_${index}`, type, subscription };
    await deliver(eventInForm(form, facts));
    expect([order.slice(0, index + 1), await inForce(owner)]).toEqual([order.slice(0, index + 1), life[at]]);
  }
}

test("in every order of its events, in every form that Stripe sends them in, a subscription is at each moment what it is at Stripe", async () => {
  const waiting = ordersOf(events)
    .filter((order) => order.indexOf(created) < order.indexOf(paid))
    // The two are made by one step, and differ by their names alone: they take turns.
    .map((order, index) => ({ order: index % 2 === 0 ? order : order.map(swapped), index }));
  const finals = new Set<string>();
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const owner = `user:usr_order_${next.index}`;
      await live(owner, next.order, eventForms[next.index % eventForms.length]!);
      finals.add(JSON.stringify(await inForce(owner)));
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  expect([...finals]).toEqual([JSON.stringify(life.at(-1))]);
}, 120_000);

test("however many events of a customer come at once, they are settled by the fetch that is under way and the next", async () => {
  const owner = "user:usr_storm";
  const subscription = await buy(rig, owner, { plan: "pro" });
  const eventOf = (index: number) =>
    eventInForm(eventForms[index % 4]!, {
      id: `evt_storm_${index}`,
      type: "customer.subscription.updated",
      subscription,
    });
  const path = `/v1/customers/${subscription.customer as string}`;
  const isFetch = (sent: { readonly method: string; readonly path: string }): boolean =>
    sent.method === "GET" && sent.path === path;
  const fetches = (): number => rig.relay.requests.filter(isFetch).length;
  const [before, sent] = [fetches(), rig.relay.requests.length];
  const held = rig.relay.holdAnswers(isFetch);
  await post(eventOf(0));
  await eventually(() => expect(held.count()).toBe(1));
  await Promise.all(Array.from({ length: 25 }, (_, index) => post(eventOf(index + 1))));
  held.release();
  await rig.settled();
  expect(fetches() - before).toBe(2);
  // An event leads to nothing but looks: there is nothing that a repeat could do twice.
  expect(rig.relay.requests.slice(sent).filter(({ method }) => method !== "GET")).toEqual([]);
  expect(await inForce(owner)).toMatchObject({ plan: "pro" });
});

test("a thin notification of a refund is shown to a person, as its snapshot is", async () => {
  const subscription = await buy(rig, "user:usr_thin", { plan: "pro" });
  const [charge] = (await rig.stripe.charges.list({ customer: subscription.customer as string })).data;
  await deliver({
    ...eventInForm("thin", { id: "evt_thin_refund", type: "charge.refunded", subscription }),
    related_object: { id: charge!.id, type: "charge", url: `/v1/charges/${charge!.id}` },
  });
  expect(await rowsOf("select kind, detail from quarantine where owner = ?", ["user:usr_thin"])).toEqual([
    { kind: "money_went_back", detail: "charge.refunded" },
  ]);
});
