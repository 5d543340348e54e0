import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type Stripe from "stripe";
import { customerWith, type Rig, startTwin } from "./rig.ts";

let rig: Rig;
let stripe: Stripe;
beforeAll(async () => {
  rig = await startTwin();
  stripe = rig.stripe;
});
afterAll(() => rig.stop());

const price = fc.constantFrom("price_twin_teams", "price_twin_teams_annual", "price_twin_enterprise");
const step = fc.record({
  seconds: fc.integer({ min: 0, max: 40 * 86_400 }),
  price,
  quantity: fc.integer({ min: 1, max: 40 }),
  proration: fc.constantFrom("always_invoice" as const, "create_prorations" as const),
});

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

function expectConsistent(invoice: Stripe.Invoice): void {
  const lines = invoice.lines.data;
  const discounts = sum((invoice.total_discount_amounts ?? []).map(({ amount }) => amount));
  const taxes = sum((invoice.total_taxes ?? []).map(({ amount }) => amount));
  expect(invoice.subtotal).toBe(sum(lines.map(({ amount }) => amount)));
  expect(sum(lines.flatMap((line) => (line.discount_amounts ?? []).map(({ amount }) => amount)))).toBe(discounts);
  expect(invoice.total).toBe(invoice.subtotal - discounts + taxes);
  expect(invoice.amount_paid + invoice.amount_remaining).toBe(invoice.amount_due);
}

test("in any history, lines make the totals, and what was charged is what was billed less the balance", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8, size: "max" }), fc.boolean(), async (steps, discounted) => {
      await rig.control("POST", "reset");
      if (discounted) await stripe.coupons.create({ id: "third", percent_off: 33.3, duration: "forever" });
      const customer = await customerWith(stripe);
      const { id } = await stripe.subscriptions.create({
        customer,
        items: [{ price: "price_twin_teams", quantity: 3 }],
        ...(discounted ? { discounts: [{ coupon: "third" }] } : {}),
      });
      for (const { seconds, quantity, price: next, proration } of steps) {
        await rig.advance({ seconds });
        const item = (await stripe.subscriptions.retrieve(id)).items.data[0]!.id;
        await stripe.subscriptions.update(id, {
          items: [{ id: item, price: next, quantity }],
          proration_behavior: proration,
        });
      }
      await rig.advance({ days: 2 });
      const invoices = await stripe.invoices.list({ subscription: id, limit: 100 }).autoPagingToArray({ limit: 500 });
      for (const invoice of invoices) expectConsistent(invoice);
      const charges = await stripe.charges.list({ customer, limit: 100 }).autoPagingToArray({ limit: 500 });
      const { balance } = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
      const settled = invoices.filter(({ status }) => status === "paid");
      expect(sum(charges.map(({ amount }) => amount)) + balance).toBe(sum(settled.map(({ total }) => total)));
    }),
    { numRuns: 15 },
  );
});

test("a change and the change back in the same second cost nothing together, whatever was there before", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 * 86_400 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      async (seconds, before, after) => {
        await rig.control("POST", "reset");
        const customer = await customerWith(stripe);
        const { id, items } = await stripe.subscriptions.create({
          customer,
          items: [{ price: "price_twin_teams", quantity: before }],
        });
        await rig.advance({ seconds });
        const item = items.data[0]!.id;
        const change = (quantity: number, next: string) =>
          stripe.subscriptions.update(id, {
            items: [{ id: item, price: next, quantity }],
            proration_behavior: "create_prorations",
          });
        await change(after, "price_twin_enterprise");
        await change(before, "price_twin_teams");
        const preview = await stripe.invoices.createPreview({ subscription: id });
        const prorations = preview.lines.data.filter((line) => line.parent?.subscription_item_details?.proration);
        expect(sum(prorations.map(({ amount }) => amount))).toBe(0);
      },
    ),
    { numRuns: 15 },
  );
});
