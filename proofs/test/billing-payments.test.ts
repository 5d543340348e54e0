import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { resyncDue } from "@topdog/billing/usecases/resync-due";
import { readStats } from "@topdog/billing/usecases/read-stats";
import { sessionOf } from "@topdog/testing/account-call";
import type { Stripe } from "stripe";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { answerBank, enterCode, payAt } from "../support/hosted-pages.ts";
import { buy, giveCard } from "../support/purchases.ts";

type Body = Record<string, unknown>;
const [success, asksOnce, asksAlways] = ["4242 4242 4242 4242", "4000 0025 0000 3155", "4000 0027 6000 3184"] as const;

const toolsOf = (rig: () => BillingRig) => ({
  post: async (user: string, path: string, body: Body = {}): Promise<Body> =>
    (await rig().call("POST", `/api/billing/${path}`, sessionOf(user), body)).body,
  inForce: async (user: string): Promise<Body> =>
    (await rig().call("GET", "/api/billing/subscription", sessionOf(user))).body,
  paid: async (customer: string): Promise<number[]> =>
    (await rig().stripe.invoices.list({ customer, limit: 100 })).data.flatMap(({ status, amount_paid: cents }) =>
      status === "paid" ? [cents] : [],
    ),
});

describe("a payment that needs its person, or its time", () => {
  let rig: BillingRig;
  const { post, inForce, paid } = toolsOf(() => rig);
  beforeAll(async () => {
    rig = await startBillingRig({ REGULATED_LINEUP: "true" });
  });
  afterAll(() => rig.stop());

  const customerOf = async (user: string): Promise<string> => {
    const { rows } = await rig.billing.db.raw<{ rows: { id: string }[] }>(
      "select stripe_customer_id as id from customer where owner = ?",
      [`user:${user}`],
    );
    return rows[0]?.id ?? "";
  };
  const graceOf = async (user: string): Promise<unknown> =>
    ((await inForce(user))["payment"] as Body | null)?.["graceEndsAt"];

  test("a checkout that asks for 3-D Secure gives the plan once the challenge is passed, and nothing before or without it", async () => {
    const user = "usr_3ds";
    const { url } = await post(user, "checkout", { plan: "pro" });
    const challenge = await payAt(String(url), asksOnce);
    expect(challenge).toMatch(/3d-secure$/);
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "free" });
    await answerBank(challenge, "fail");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "free" });
    await answerBank(await payAt(String(url), asksOnce), "pass");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    expect(await paid(await customerOf(user))).toEqual([2900]);
  });

  test("an upgrade that asks for 3-D Secure counts when it was passed at the page that we name, and is paid once", async () => {
    const user = "usr_3ds_up";
    const { customer } = await buy(rig, `user:${user}`, { plan: "pro" });
    await giveCard(rig, customer as string, "pm_card_authenticationRequired");
    const answer = await post(user, "change-plan", { plan: "pro_plus" });
    expect(answer).toMatchObject({ outcome: "payment_required", paymentUrl: expect.stringMatching(/^http/) });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", payment: { changePending: true } });
    await answerBank(await payAt(String(answer["paymentUrl"]), asksAlways), "pass");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({
      plan: "pro_plus",
      payment: { changePending: false, paymentUrl: null },
    });
    expect(await paid(customer as string)).toEqual([2000, 2900]);
    expect(await post(user, "change-plan", { plan: "pro_plus" })).toMatchObject({ outcome: "unchanged" });
  });

  test("an upgrade whose challenge is failed leaves the old plan, and after a day nothing is owed for it", async () => {
    const user = "usr_3ds_no";
    const { customer } = await buy(rig, `user:${user}`, { plan: "pro" });
    await giveCard(rig, customer as string, "pm_card_authenticationRequired");
    const { paymentUrl } = await post(user, "change-plan", { plan: "pro_plus" });
    await answerBank(await payAt(String(paymentUrl), asksAlways), "fail");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active", payment: { changePending: true } });
    await rig.advance({ days: 1 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", payment: { changePending: false, paymentUrl: null } });
    expect(await paid(customer as string)).toEqual([2900]);
  });

  test("a renewal that asks for 3-D Secure keeps the plan for the grace, and is paid once at the page that we name", async () => {
    const user = "usr_3ds_renews";
    const { customer, items } = await buy(rig, `user:${user}`, { plan: "pro" });
    await giveCard(rig, customer as string, "pm_card_authenticationRequired");
    await rig.advance({ to: items.data[0]!.current_period_end + 2 * 3_600 });
    await rig.settled();
    const owed = await inForce(user);
    const paymentUrl = expect.stringMatching(/^http/) as unknown;
    expect(owed).toMatchObject({ plan: "pro", status: "past_due", payment: { paymentUrl } });
    expect(await graceOf(user)).toEqual(expect.any(String));
    await answerBank(await payAt(String((owed["payment"] as Body)["paymentUrl"]), asksAlways), "pass");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({
      plan: "pro",
      status: "active",
      payment: { graceEndsAt: null, paymentUrl: null },
    });
    expect(await paid(customer as string)).toEqual([2900, 2900]);
  });

  test("a delayed payment gives the plan while the bank works, and keeps it when the bank pays", async () => {
    const user = "usr_bank";
    const { url } = await post(user, "checkout", { plan: "pro" });
    await payAt(String(url), "bank");
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    expect(await paid(await customerOf(user))).toEqual([]);
    await rig.advance({ days: 4 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    expect(await paid(await customerOf(user))).toEqual([2900]);
  });

  test("a delayed payment that the bank refuses is owed from that day on, and ends with the grace", async () => {
    const user = "usr_bank_no";
    const { url } = await post(user, "checkout", { plan: "pro" });
    await payAt(String(url), "bank fails");
    await rig.advance({ days: 4 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "past_due" });
    await rig.advance({ days: 8 });
    await resyncDue(rig.deps);
    expect(await inForce(user)).toMatchObject({ plan: "free" });
  });

  test.each([
    [6, "pro_plus", [2000, 2900]],
    [72, "pro", [2900]],
  ])(
    "an upgrade by a delayed payment that takes %i hours gives %s: Stripe waits for it for 23",
    async (hours, plan, cents) => {
      await rig.control("PUT", "settings", { bankDebitSeconds: hours * 3_600 });
      const user = `usr_bank_up_${hours}`;
      const { customer } = await buy(rig, `user:${user}`, { plan: "pro" });
      await giveCard(rig, customer as string, "pm_usBankAccount_success");
      await post(user, "change-plan", { plan: "pro_plus" });
      await rig.settled();
      expect(await inForce(user)).toMatchObject({ plan: "pro", payment: { changePending: true } });
      await rig.advance({ days: 4 });
      await rig.settled();
      expect(await inForce(user)).toMatchObject({ plan, payment: { changePending: false, paymentUrl: null } });
      expect(await paid(customer as string)).toEqual(cents);
    },
  );

  test("the grace runs from the first failure, whatever is retried meanwhile, and begins anew only after a payment", async () => {
    const user = "usr_retries";
    const { customer, items } = await buy(rig, `user:${user}`, { plan: "pro" });
    await giveCard(rig, customer as string, "pm_card_chargeCustomerFail");
    await rig.advance({ to: items.data[0]!.current_period_end + 2 * 3_600 });
    await rig.settled();
    const first = await graceOf(user);
    expect(first).toEqual(expect.any(String));
    await rig.advance({ days: 4 });
    await rig.settled();
    expect(await graceOf(user)).toBe(first);
    await giveCard(rig, customer as string, "pm_card_visa");
    await rig.advance({ days: 5 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active", payment: { graceEndsAt: null } });
    await giveCard(rig, customer as string, "pm_card_chargeCustomerFail");
    await rig.advance({ days: 24 });
    await rig.settled();
    expect(Date.parse(String(await graceOf(user)))).toBeGreaterThan(Date.parse(String(first)) + 20 * 86_400_000);
  });

  test("an invoice over nothing, paid by itself while a renewal is owed, does not move the clock", async () => {
    const user = "usr_nothing";
    const { id, customer, items } = await buy(rig, `user:${user}`, { plan: "pro_plus" });
    await giveCard(rig, customer as string, "pm_card_chargeCustomerFail");
    await rig.advance({ to: items.data[0]!.current_period_end + 2 * 3_600 });
    await rig.settled();
    const first = await graceOf(user);
    expect(first).toEqual(expect.any(String));
    await rig.advance({ days: 1 });
    // Less for the rest of the period: a credit, and an invoice over nothing.
    const [item] = items.data;
    await rig.stripe.subscriptions.update(id, {
      items: [{ id: item!.id, price: "price_twin_pro" }],
      proration_behavior: "always_invoice",
    });
    await rig.settled();
    const [newest] = (await rig.stripe.invoices.list({ subscription: id })).data;
    expect(newest).toMatchObject({ status: "paid", amount_paid: 0 });
    const { status, payment } = await inForce(user);
    if (status === "past_due") expect((payment as Body)["graceEndsAt"]).toBe(first);
    else expect(status).toBe("active");
  });

  test("the regulated lineup, where it is on, is sold like any plan: its year for twelve months, its seats not below its minimum", async () => {
    const user = "usr_doctor";
    const { url } = await post(user, "checkout", { plan: "med_pro", interval: "year" });
    await payAt(String(url), success);
    await buy(rig, "org:org_clinic", { plan: "med_teams", seats: 4 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "med_pro", interval: "year" });
    expect(await paid(await customerOf(user))).toEqual([106_800]);
    const rowsOf = async (sql: string) => (await rig.billing.db.raw<{ rows: Body[] }>(sql)).rows;
    expect(await rowsOf("select mrr_micro_usd::int as mrr from stripe_state where owner = 'user:usr_doctor'")).toEqual([
      { mrr: 89_000_000 },
    ]);
    expect(await rowsOf("select kind from quarantine where owner = 'org:org_clinic'")).toEqual([
      { kind: "below_minimum" },
    ]);
  });

  test.each(["unpaid", "cancel"] as const)(
    "when every retry failed and Stripe says %s, the plan is free",
    async (afterRetries) => {
      await rig.control("PUT", "settings", { afterRetries });
      const user = `usr_${afterRetries}`;
      const { customer, items } = await buy(rig, `user:${user}`, { plan: "pro" });
      await giveCard(rig, customer as string, "pm_card_chargeCustomerFail");
      await rig.advance({ to: items.data[0]!.current_period_end + 20 * 86_400 });
      await rig.settled();
      expect(await inForce(user)).toMatchObject({ plan: "free" });
      const [held] = (await rig.stripe.subscriptions.list({ customer: customer as string, status: "all" })).data;
      expect(held?.status).toBe(afterRetries === "cancel" ? "canceled" : "unpaid");
    },
  );
});

describe("bought with a trial, a code and tax", () => {
  let rig: BillingRig;
  const { post, inForce, paid } = toolsOf(() => rig);
  beforeAll(async () => {
    rig = await startBillingRig({ TRIAL_DAYS: "14", STRIPE_AUTOMATIC_TAX: "true" });
  });
  afterAll(() => rig.stop());

  test("nothing is charged in the trial; then price less discount plus tax, and revenue is without tax; a second trial is not given", async () => {
    const user = "usr_all";
    const coupon = await rig.stripe.coupons.create({ percent_off: 50, duration: "forever" });
    await rig.stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: coupon.id }, code: "HALF" });
    const { url } = await post(user, "checkout", { plan: "pro" });
    await enterCode(String(url), "half");
    await payAt(String(url), success);
    await rig.settled();
    expect(await inForce(user)).toMatchObject({
      plan: "pro",
      status: "trialing",
      payment: { trialEndsAt: expect.any(String) },
    });
    expect((await readStats(rig.billing.db, rig.nowMs(), 30)).mrrMicroUsd).toBe(0);
    await rig.advance({ days: 15 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    const { items } = (await rig.call("GET", "/api/billing/invoices", sessionOf(user))).body as { items: Body[] };
    expect(items[0]).toMatchObject({ status: "paid", totalCents: 1740, taxCents: 290, paidCents: 1740 });
    expect((await readStats(rig.billing.db, rig.nowMs(), 30)).mrrMicroUsd).toBe(14_500_000);
    await rig.stripe.subscriptions.cancel(await onlyOf(rig.stripe));
    await rig.settled();
    const again = await post(user, "checkout", { plan: "pro" });
    await payAt(String(again["url"]), success);
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    const [held] = (await rig.stripe.subscriptions.list()).data;
    expect(await paid(held?.customer as string)).toContain(3480);
  });
});

const onlyOf = async (stripe: Stripe): Promise<string> => (await stripe.subscriptions.list()).data[0]?.id ?? "";
