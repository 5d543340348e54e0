import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type Stripe from "stripe";
import { customerWith, type Rig, startTwin } from "./rig.ts";

let rig: Rig;
let stripe: Stripe;
let subscription: Stripe.Subscription;
let portal: Stripe.BillingPortal.Session;
beforeEach(async () => {
  rig = await startTwin();
  stripe = rig.stripe;
  const customer = await customerWith(stripe);
  subscription = await stripe.subscriptions.create({ customer, items: [{ price: "price_twin_teams", quantity: 5 }] });
  portal = await stripe.billingPortal.sessions.create({ customer, return_url: "http://ide.test/back" });
});
afterEach(() => rig.stop());

const submit = (path: string, form: Record<string, string> = {}) =>
  fetch(`${portal.url}/${path}`, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
const change = (price: string, quantity: number) =>
  submit(`subscriptions/${subscription.id}/change`, { price, quantity: String(quantity) });
const now = () => stripe.subscriptions.retrieve(subscription.id, { expand: ["schedule"] });

describe("the hosted portal", () => {
  test("shows what the customer has, and where to go back to", async () => {
    const page = await (await fetch(portal.url)).text();
    expect(page).toContain("Top Dog Teams");
    expect(page).toContain("http://ide.test/back");
  });

  test("sells more seats at once, fewer when the period ends, and never fewer than the minimum", async () => {
    await change("price_twin_teams", 7);
    expect((await now()).items.data[0]!.quantity).toBe(7);
    await change("price_twin_teams", 4);
    const waiting = await now();
    expect(waiting.items.data[0]!.quantity).toBe(7);
    expect((waiting.schedule as Stripe.SubscriptionSchedule).phases[1]!.items[0]).toMatchObject({ quantity: 4 });
    await rig.advance({ to: waiting.items.data[0]!.current_period_end });
    expect((await now()).items.data[0]!.quantity).toBe(4);
    expect((await change("price_twin_teams", 2)).status).toBe(400);
  });

  test("goes from month to year at once, and from year to month when the year ends", async () => {
    await change("price_twin_teams_annual", 5);
    expect((await now()).items.data[0]!.price.id).toBe("price_twin_teams_annual");
    await change("price_twin_teams", 5);
    const waiting = await now();
    expect(waiting.items.data[0]!.price.id).toBe("price_twin_teams_annual");
    await rig.advance({ to: waiting.items.data[0]!.current_period_end });
    expect((await now()).items.data[0]!.price.id).toBe("price_twin_teams");
  });

  test("cancels for the end of the period, and keeps what is not over yet", async () => {
    await submit(`subscriptions/${subscription.id}/cancel`);
    expect((await now()).cancel_at_period_end).toBe(true);
    await submit(`subscriptions/${subscription.id}/keep`);
    expect((await now()).cancel_at_period_end).toBe(false);
  });

  test("takes another card, and shows a refusal of one that cannot be saved", async () => {
    expect((await submit("card", { number: "4000000000000002" })).status).toBe(402);
    expect((await submit("card", { number: "5555555555554444" })).status).toBe(303);
    const customer = (await stripe.customers.retrieve(portal.customer, {
      expand: ["invoice_settings.default_payment_method"],
    })) as Stripe.Customer;
    expect(customer.invoice_settings.default_payment_method).toMatchObject({ card: { last4: "4444" } });
  });

  test("changes nobody else's subscription", async () => {
    const other = await stripe.subscriptions.create({
      customer: await customerWith(stripe),
      items: [{ price: "price_twin_pro" }],
    });
    expect((await submit(`subscriptions/${other.id}/cancel`)).status).toBe(400);
    expect((await stripe.subscriptions.retrieve(other.id)).cancel_at_period_end).toBe(false);
  });

  test("has a configuration that says what is sold, and shows it when asked to", async () => {
    const expand = ["data.features.subscription_update.products"];
    const [shown] = (await stripe.billingPortal.configurations.list({ is_default: true, expand })).data;
    const [plain] = (await stripe.billingPortal.configurations.list({ is_default: true })).data;
    const teams = shown!.features.subscription_update.products?.find(({ product }) => product === "prod_twin_teams");
    expect(teams?.adjustable_quantity).toMatchObject({ enabled: true, minimum: 3 });
    expect(plain!.features.subscription_update.products).toBeUndefined();
  });
});
