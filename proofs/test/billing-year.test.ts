import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readStats } from "@topdog/billing/usecases/read-stats";
import { sessionOf } from "@topdog/testing/account-call";
import type { Stripe } from "stripe";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { buy } from "../support/purchases.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
  await rig.control("PUT", "settings", { taxPercent: 20 });
});
afterAll(() => rig.stop());

const microPerCent = 10_000;
type Row = Record<string, unknown>;

/** What an invoice says of one month of what recurs: without tax and prorations, a year's divided by 12. */
function monthlyMicroUsd(invoice: Stripe.Invoice): number {
  const lines = invoice.lines.data.filter(({ parent }) => parent?.subscription_item_details?.proration !== true);
  return lines.reduce((sum, { amount, discount_amounts: discounts, period }) => {
    const off = (discounts ?? []).reduce((all, one) => all + one.amount, 0);
    const months = period.end - period.start > 200 * 86_400 ? 12 : 1;
    return sum + ((amount - off) * microPerCent) / months;
  }, 0);
}

/** Of every subscription that stands, the invoice of its present period. */
async function byInvoices(): Promise<number> {
  const standing = (await rig.stripe.subscriptions.list({ limit: 100 })).data.filter(
    ({ status }) => status === "active",
  );
  let sum = 0;
  for (const { id, items } of standing) {
    const start = items.data[0]!.current_period_start;
    const invoices = (await rig.stripe.invoices.list({ subscription: id, limit: 100 })).data;
    const renewal = invoices.find(
      ({ status, lines }) =>
        // A renewal is a draft for its first hour.
        status !== "void" &&
        lines.data.some(
          ({ period, parent }) => period.start === start && parent?.subscription_item_details?.proration !== true,
        ),
    );
    if (renewal !== undefined) sum += monthlyMicroUsd(renewal);
  }
  return sum;
}

test("over a year of buying, changing and leaving, revenue is what the invoices say, to the cent, and its movements add up to it", async () => {
  const coupon = await rig.stripe.coupons.create({ percent_off: 12.5, duration: "forever" });
  const post = (user: string, path: string, body: object) =>
    rig.call("POST", `/api/billing/${path}`, sessionOf(user), body);
  await buy(rig, "user:usr_m", { plan: "pro" });
  await buy(rig, "user:usr_y", { plan: "pro_plus", interval: "year" });
  await buy(rig, "org:org_t", { plan: "teams", seats: 7, more: { discounts: [{ coupon: coupon.id }] } });
  const started = rig.nowMs();
  for (let month = 0; month < 12; month += 1) {
    if (month === 2) await post("usr_m", "change-plan", { plan: "pro_plus" });
    if (month === 4) await buy(rig, "user:usr_late", { plan: "pro", more: { trial_period_days: 10 } });
    if (month === 5) await post("usr_m", "change-plan", { plan: "pro" });
    if (month === 8) await post("usr_late", "cancel", {});
    if (month === 10) await buy(rig, "user:usr_late", { plan: "pro" });
    await rig.advance({ days: 31 });
    await rig.settled();
    const stats = await readStats(rig.billing.db, rig.nowMs(), 366);
    expect(Math.abs(stats.mrrMicroUsd - (await byInvoices()))).toBeLessThan(microPerCent);
    const moved = await rig.billing.db.raw<{ rows: Row[] }>(
      "select sum(after_micro_usd - before_micro_usd)::float8 as sum from mrr_movement",
    );
    expect(moved.rows[0]?.["sum"]).toBe(stats.mrrMicroUsd);
  }
  const { rows } = await rig.billing.db.raw<{ rows: Row[] }>("select owner, kind from mrr_movement order by owner, id");
  expect(rows.map(({ owner, kind }) => `${owner as string} ${kind as string}`)).toEqual([
    "org:org_t new",
    "user:usr_late new",
    "user:usr_late churn",
    "user:usr_late reactivation",
    "user:usr_m new",
    "user:usr_m expansion",
    "user:usr_m contraction",
    "user:usr_y new",
  ]);
  expect(rig.nowMs() - started).toBeGreaterThan(365 * 86_400_000);
});
