import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type Stripe from "stripe";
import { customerWith, type Rig, startTwin } from "./rig.ts";

let rig: Rig;
let stripe: Stripe;
beforeEach(async () => {
  rig = await startTwin();
  stripe = rig.stripe;
});
afterEach(() => rig.stop());

const subscribe = (customer: string, extra: Partial<Stripe.SubscriptionCreateParams> = {}) =>
  stripe.subscriptions.create({ customer, items: [{ price: "price_twin_pro" }], ...extra });
const invoicesOf = async (subscription: string) => (await stripe.invoices.list({ subscription })).data;

describe("a subscription", () => {
  test("is active once its first invoice is paid, and shows it when asked to", async () => {
    const customer = await customerWith(stripe);
    const subscription = await subscribe(customer, { expand: ["latest_invoice.payments.data.payment.payment_intent"] });
    const invoice = subscription.latest_invoice as Stripe.Invoice;
    const intent = invoice.payments?.data[0]?.payment.payment_intent as Stripe.PaymentIntent;
    expect(subscription).toMatchObject({ status: "active", currency: "usd", items: { data: [{ quantity: 1 }] } });
    expect(invoice).toMatchObject({
      status: "paid",
      total: 2900,
      amount_paid: 2900,
      billing_reason: "subscription_create",
    });
    expect(intent).toMatchObject({ status: "succeeded", amount: 2900 });
    expect(subscription.items.data[0]!.price.unit_amount_decimal?.toString()).toBe("2900");
  });

  test("renews on its day of the month, at the month's end in short months", async () => {
    const jan31 = Math.ceil((Date.UTC(2027, 0, 31, 12) - Date.now()) / 1000);
    await rig.advance({ seconds: Math.max(0, jan31) });
    const subscription = await subscribe(await customerWith(stripe));
    const ends: string[] = [];
    for (let month = 0; month < 3; month += 1) {
      const { items } = await stripe.subscriptions.retrieve(subscription.id);
      ends.push(new Date(items.data[0]!.current_period_end * 1000).toISOString().slice(0, 10));
      await rig.advance({ to: items.data[0]!.current_period_end + 7200 });
    }
    expect(ends).toEqual(["2027-02-28", "2027-03-31", "2027-04-30"]);
    const invoices = await invoicesOf(subscription.id);
    expect(invoices.map(({ status, total }) => [status, total])).toEqual(
      Array.from({ length: 4 }, () => ["paid", 2900]),
    );
  });

  test("that is upgraded pays the difference of what is left of the period, and gets it back when it returns", async () => {
    const customer = await customerWith(stripe);
    const subscription = await subscribe(customer);
    const item = subscription.items.data[0]!.id;
    await rig.advance({ days: 10 });
    const change = { proration_behavior: "always_invoice", payment_behavior: "pending_if_incomplete" } as const;
    const items = [{ id: item, price: "price_twin_pro_plus" }];
    const preview = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { items, proration_behavior: "always_invoice" },
    });
    await stripe.subscriptions.update(subscription.id, { ...change, items });
    const [upgrade] = await invoicesOf(subscription.id);
    expect(upgrade).toMatchObject({ status: "paid", total: preview.total, billing_reason: "subscription_update" });
    await stripe.subscriptions.update(subscription.id, { ...change, items: [{ id: item, price: "price_twin_pro" }] });
    const [back] = await invoicesOf(subscription.id);
    expect(back!.total).toBe(-upgrade!.total);
    const owner = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
    expect(owner.balance).toBe(-upgrade!.total);
  });

  test("whose upgrade is declined stays as it was until the invoice is paid", async () => {
    const customer = await customerWith(stripe);
    const subscription = await subscribe(customer);
    const failing = await stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer });
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: failing.id } });
    const item = subscription.items.data[0]!.id;
    const waiting = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: "price_twin_pro_plus" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    expect(waiting.status).toBe("active");
    expect(waiting.items.data[0]!.price.id).toBe("price_twin_pro");
    expect(waiting.pending_update?.subscription_items?.[0]?.price.id).toBe("price_twin_pro_plus");
    await stripe.invoices.pay(waiting.latest_invoice as string, { payment_method: "pm_card_visa" });
    const done = await stripe.subscriptions.retrieve(subscription.id);
    expect(done).toMatchObject({ pending_update: null, status: "active" });
    expect(done.items.data[0]!.price.id).toBe("price_twin_pro_plus");
  });

  test("whose renewal fails is past due, is retried as configured, and is canceled after the last retry", async () => {
    const customer = await customerWith(stripe);
    const subscription = await subscribe(customer);
    const failing = await stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer });
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: failing.id } });
    await rig.advance({ to: subscription.items.data[0]!.current_period_end + 2 * 3600 });
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("past_due");
    await rig.advance({ days: 3 });
    const [invoice] = await invoicesOf(subscription.id);
    expect(invoice).toMatchObject({ status: "open", attempt_count: 2 });
    await rig.advance({ days: 13 });
    const ended = await stripe.subscriptions.retrieve(subscription.id);
    expect(ended).toMatchObject({ status: "canceled", cancellation_details: { reason: "payment_failed" } });
  });

  test("in a trial costs nothing, then the whole price", async () => {
    const customer = await customerWith(stripe);
    const subscription = await subscribe(customer, { trial_period_days: 14 });
    expect(subscription.status).toBe("trialing");
    await rig.advance({ days: 15 });
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe("active");
    expect((await invoicesOf(subscription.id)).map(({ total }) => total)).toEqual([2900, 0]);
  });

  test.each(["price_twin_pro", "price_twin_pro_annual"])(
    "whose schedule changes the plan at the trial's end pays for the new one alone: %s",
    async (next) => {
      const subscription = await stripe.subscriptions.create({
        customer: await customerWith(stripe),
        items: [{ price: "price_twin_pro_plus" }],
        trial_period_days: 5,
      });
      const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
      const { start_date, end_date } = schedule.phases[0]!;
      await stripe.subscriptionSchedules.update(schedule.id, {
        phases: [
          { items: [{ price: "price_twin_pro_plus" }], start_date, end_date },
          { items: [{ price: next }], start_date: end_date },
        ],
      });
      await rig.advance({ days: 8 });
      const moved = await stripe.subscriptions.retrieve(subscription.id);
      expect([moved.status, moved.items.data[0]!.price.id]).toEqual(["active", next]);
      const paid = (await invoicesOf(subscription.id)).map(({ status, total }) => [status, total]);
      expect(paid).toEqual([
        ["paid", next === "price_twin_pro" ? 2900 : 31_320],
        ["paid", 0],
      ]);
    },
  );

  test("that a schedule moves to a cheaper plan does so at the period's end, with nothing given back", async () => {
    const customer = await customerWith(stripe);
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: "price_twin_pro_plus_annual" }],
    });
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const { start_date, end_date } = schedule.phases[0]!;
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: "release",
      phases: [
        { items: [{ price: "price_twin_pro_plus_annual", quantity: 1 }], start_date, end_date },
        { items: [{ price: "price_twin_pro", quantity: 1 }], start_date: end_date },
      ],
    });
    await rig.advance({ to: end_date - 1 });
    expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]!.price.id).toBe(
      "price_twin_pro_plus_annual",
    );
    await rig.advance({ to: end_date + 7200 });
    const moved = await stripe.subscriptions.retrieve(subscription.id);
    expect(moved.items.data[0]!.price.id).toBe("price_twin_pro");
    expect((await invoicesOf(subscription.id)).map(({ total }) => total)).toEqual([2900, 52_920]);
    await rig.advance({ days: 32 });
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe("released");
  });

  test("that is canceled at the period's end lasts until then, and can be kept before", async () => {
    const subscription = await subscribe(await customerWith(stripe));
    const end = subscription.items.data[0]!.current_period_end;
    const leaving = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    expect(leaving).toMatchObject({ cancel_at: end, cancel_at_period_end: true, status: "active" });
    const kept = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
    expect(kept).toMatchObject({ cancel_at: null, canceled_at: null });
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await rig.advance({ to: end });
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: "canceled", ended_at: end });
  });
});
