import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { memberChanged, type OrgUpdated, orgUpdated } from "@topdog/contracts/events/org-events";
import { checkStripe } from "@topdog/billing/usecases/check-stripe";
import { closeDeletedOrgs } from "@topdog/billing/usecases/close-deleted-orgs";
import { resyncDue } from "@topdog/billing/usecases/resync-due";
import { createBillingMetrics } from "@topdog/billing/metrics";
import { sweep } from "@topdog/billing/usecases/sweep";
import { createMetrics } from "@topdog/telemetry/metrics";
import { publishEvent } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { buy, giveCard } from "../support/purchases.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
});
afterAll(() => rig.stop());

type Body = Record<string, unknown>;
const post = (user: string, path: string, body: Body = {}) =>
  rig.call("POST", `/api/billing/${path}`, sessionOf(user), body);
const inForce = async (user: string, query = ""): Promise<Body> =>
  (await rig.call("GET", `/api/billing/subscription${query}`, sessionOf(user))).body;
const paymentOf = async (user: string): Promise<Body> => (await inForce(user))["payment"] as Body;
const rowsOf = async (sql: string, values: string[]) => (await rig.billing.db.raw<{ rows: Body[] }>(sql, values)).rows;

describe("buying", () => {
  test("fifty checkouts at once are one customer and one session", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => post("usr_many", "checkout", { plan: "pro" })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body["sessionId"])).size).toBe(1);
    const again = await post("usr_many", "checkout", { plan: "pro" });
    expect(again.body["sessionId"]).toBe(answers[0]?.body["sessionId"]);
    const other = await post("usr_many", "checkout", { plan: "pro_plus", interval: "year" });
    expect(other.body["sessionId"]).not.toBe(again.body["sessionId"]);
    const first = await rig.stripe.checkout.sessions.retrieve(String(again.body["sessionId"]));
    expect(first).toMatchObject({ status: "expired", client_reference_id: "user:usr_many" });
  });

  test("a plan is in force when Stripe says that it is paid, and a second one is refused", async () => {
    await buy(rig, "user:usr_buys", { plan: "pro" });
    await rig.settled();
    expect(await inForce("usr_buys")).toMatchObject({ plan: "pro", status: "active", payment: { status: "active" } });
    const second = await post("usr_buys", "checkout", { plan: "pro_plus" });
    expect([second.status, second.body["code"]]).toEqual([409, "conflict"]);
    const invoices = await rig.call("GET", "/api/billing/invoices", { userId: "usr_buys" });
    expect(invoices.body["items"]).toMatchObject([{ status: "paid", totalCents: 2900 }]);
    expect((await post("usr_buys", "portal")).body["url"]).toMatch(/^http/);
  });

  test("seats below the plan's minimum, another owner's kind of plan and the free one are not for sale", async () => {
    for (const body of [{ plan: "teams", seats: 3 }, { plan: "free" }, { plan: "med_pro" }])
      expect((await post("usr_x", "checkout", body)).status).toBe(400);
  });

  test("a trial is the plan, and no revenue", async () => {
    await buy(rig, "user:usr_trial", { plan: "pro", more: { trial_period_days: 14 } });
    await rig.settled();
    expect(await inForce("usr_trial")).toMatchObject({ plan: "pro", status: "trialing" });
    expect(await rowsOf("select 1 from mrr_movement where owner = ?", ["user:usr_trial"])).toEqual([]);
  });
});

describe("changing", () => {
  test("more is paid first, as the preview said; less waits for the period's end, and can be taken back", async () => {
    const user = "usr_changes";
    const subscription = await buy(rig, `user:${user}`, { plan: "pro" });
    await rig.settled();
    const preview = await post(user, "change-plan/preview", { plan: "pro_plus" });
    expect(preview.body).toMatchObject({ timing: "now", target: { plan: "pro_plus" } });
    const { dueCents, prorationDate } = preview.body["now"] as { dueCents: number; prorationDate: number };
    expect((await post(user, "change-plan", { plan: "pro_plus", prorationDate })).body).toMatchObject({
      outcome: "changed",
    });
    expect(await inForce(user)).toMatchObject({ plan: "pro_plus" });
    const [newest] = (await rig.stripe.invoices.list({ subscription: subscription.id })).data;
    expect(newest).toMatchObject({ status: "paid", total: dueCents });
    expect((await post(user, "change-plan", { plan: "pro_plus" })).body).toMatchObject({ outcome: "unchanged" });

    expect((await post(user, "change-plan", { interval: "year" })).body).toMatchObject({ outcome: "changed" });
    expect(await inForce(user)).toMatchObject({ plan: "pro_plus", interval: "year" });
    const down = await post(user, "change-plan", { plan: "pro", interval: "month" });
    expect(down.body).toMatchObject({ outcome: "scheduled" });
    expect(await paymentOf(user)).toMatchObject({ scheduledChange: { plan: "pro", interval: "month", seats: 1 } });
    expect((await post(user, "resume")).status).toBe(200);
    expect(await paymentOf(user)).toMatchObject({ scheduledChange: null });
    await post(user, "change-plan", { plan: "pro", interval: "month" });
    await rig.settled();
    const { at } = (await paymentOf(user))["scheduledChange"] as { at: string };
    await rig.advance({ to: Math.ceil(Date.parse(at) / 1000) + 7_200 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", interval: "month", status: "active" });
  });

  test.each([
    // Half of what was paid, 1450, is given back; half of 4900 is paid.
    ["flexible", 1725],
    // Half of the price, 2900, is.
    ["classic", 1000],
  ] as const)(
    "a change in the middle of a period costs what the preview said: a %s subscription, bought for half, %d cents",
    async (type, dueCents) => {
      const user = `usr_${type}`;
      await rig.stripe.coupons.create({ id: `half_${type}`, percent_off: 50, duration: "once" });
      const more = { billing_mode: { type }, discounts: [{ coupon: `half_${type}` }] };
      const subscription = await buy(rig, `user:${user}`, { plan: "pro", more });
      const { current_period_start: start, current_period_end: end } = subscription.items.data[0]!;
      await rig.advance({ to: start + (end - start) / 2 });
      await rig.settled();
      const preview = (await post(user, "change-plan/preview", { plan: "pro_plus" })).body["now"] as Body;
      expect(preview).toMatchObject({ dueCents });
      const { prorationDate } = preview;
      expect(await post(user, "change-plan", { plan: "pro_plus", prorationDate })).toMatchObject({
        body: { outcome: "changed" },
      });
      const [newest] = (await rig.stripe.invoices.list({ subscription: subscription.id })).data;
      expect(newest).toMatchObject({ status: "paid", amount_paid: dueCents });
    },
  );

  test("an end that is set can be taken back; one that is not comes at the period's end", async () => {
    const user = "usr_ends";
    await buy(rig, `user:${user}`, { plan: "pro" });
    expect((await post(user, "cancel")).body).toMatchObject({ plan: "pro", payment: { endsAt: expect.any(String) } });
    expect((await post(user, "resume")).body).toMatchObject({ plan: "pro", payment: { endsAt: null } });
    await post(user, "cancel");
    const { endsAt } = await paymentOf(user);
    await rig.advance({ to: Math.ceil(Date.parse(String(endsAt)) / 1000) + 60 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "free", status: "canceled" });
    const again = await post(user, "cancel");
    expect([again.status, again.body["code"]]).toEqual([409, "no_subscription"]);
    expect((await post(user, "checkout", { plan: "pro" })).status).toBe(200);
  });
});

describe("an org", () => {
  let version = 0;
  const announceOrg = async (orgId: string, more: Partial<OrgUpdated> = {}): Promise<void> => {
    version += 1;
    const org = { orgId, version, name: "Acme", ownerUserId: "usr_owner", activeMembers: 2, deletionDueAt: null };
    const event = { ...org, deleted: false, changedAt: new Date().toISOString(), ...more };
    await publishEvent(await rig.billing.nats.busOf("org-registry"), orgUpdated, event, { id: `${orgId}-${version}` });
    await eventually(async () =>
      expect(await rowsOf("select version from org_seats where org_id = ?", [orgId])).toEqual([{ version }]),
    );
  };
  const announce = async (role: "owner" | "member", userId: string): Promise<void> => {
    const bus = await rig.billing.nats.busOf("org-registry");
    const changedAt = new Date().toISOString();
    const member = { orgId: "org_1", userId, version: 1, role, active: true, removed: false, changedAt };
    await publishEvent(bus, memberChanged, member, { id: `${role}-${userId}` });
  };

  test("is paid for by its owner, in seats not below the minimum; a person's billing and an org's do not meet", async () => {
    await announceOrg("org_1");
    await announce("owner", "usr_owner");
    await announce("member", "usr_member");
    await eventually(async () => expect(await rowsOf("select 1 from org_member", [])).toHaveLength(2));
    const few = await post("usr_owner", "checkout?org=org_1", { plan: "teams", seats: 2 });
    expect(few.status).toBe(400);
    for (const [user, status] of [
      ["usr_owner", 200],
      ["usr_member", 403],
      ["usr_stranger", 404],
    ] as const)
      expect((await post(user, "checkout?org=org_1", { plan: "teams" })).status).toBe(status);
    await buy(rig, "org:org_1", { plan: "teams", seats: 3 });
    await rig.settled();
    expect(await inForce("usr_owner", "?org=org_1")).toMatchObject({ plan: "teams", seats: 3 });
    expect(await inForce("usr_owner")).toMatchObject({ owner: "user:usr_owner", plan: "free" });
    expect((await post("usr_owner", "seats?org=org_1", { seats: 2 })).status).toBe(400);
    expect((await post("usr_owner", "seats?org=org_1", { seats: 5 })).body).toMatchObject({ outcome: "changed" });
    expect(await inForce("usr_owner", "?org=org_1")).toMatchObject({ seats: 5 });
    expect((await post("usr_owner", "seats?org=org_1", { seats: 4 })).body).toMatchObject({ outcome: "scheduled" });
    expect(await inForce("usr_owner", "?org=org_1")).toMatchObject({ seats: 5 });
  });

  test("fewer seats and then a month in place of a year come together; what comes before them puts them off", async () => {
    await announceOrg("org_less");
    await buy(rig, "org:org_less", { plan: "teams", interval: "year", seats: 6 });
    await rig.settled();
    const change = async (path: string, body: Record<string, unknown>) =>
      (await post("usr_owner", `${path}?org=org_less`, body)).body;
    const scheduled = async () =>
      (await inForce("usr_owner", "?org=org_less")) as { payment: { scheduledChange: object | null } };
    expect(await change("seats", { seats: 3 })).toMatchObject({ outcome: "scheduled" });
    expect(await change("change-plan/preview", { interval: "month" })).toMatchObject({
      timing: "period_end",
      target: { interval: "month", seats: 3 },
    });
    expect(await change("change-plan", { interval: "month" })).toMatchObject({ outcome: "scheduled" });
    const both = { plan: "teams", interval: "month", seats: 3 };
    expect((await scheduled()).payment).toMatchObject({ scheduledChange: both });
    expect(await change("seats", { seats: 5 })).toMatchObject({ outcome: "scheduled" });
    expect((await scheduled()).payment).toMatchObject({ scheduledChange: { ...both, seats: 5 } });
    expect(await change("change-plan", { plan: "teams", interval: "year", seats: 8 })).toMatchObject({
      outcome: "changed",
    });
    expect(await scheduled()).toMatchObject({ interval: "year", seats: 8, payment: { scheduledChange: null } });
  });

  test("may buy more seats than a checkout lets it choose there", async () => {
    await announceOrg("org_huge");
    expect((await post("usr_owner", "checkout?org=org_huge", { plan: "teams", seats: 15_000 })).status).toBe(200);
  });

  test("cannot lower its seats below the members who have one; members who come and go move no money", async () => {
    await announceOrg("org_full", { activeMembers: 4 });
    const { id } = await buy(rig, "org:org_full", { plan: "teams", seats: 6 });
    await rig.settled();
    const refused = await post("usr_owner", "seats?org=org_full", { seats: 3 });
    expect(refused).toMatchObject({ status: 409, body: { code: "conflict", activeMembers: 4 } });
    await announceOrg("org_full", { activeMembers: 3 });
    expect((await post("usr_owner", "seats?org=org_full", { seats: 3 })).body).toMatchObject({ outcome: "scheduled" });
    expect((await rig.stripe.subscriptions.retrieve(id)).items.data[0]?.quantity).toBe(6);
  });

  test("whose end is announced pays for no further period; when it is gone all ends at once, and is ended once", async () => {
    const query = "?org=org_ends";
    await announceOrg("org_ends");
    const { id, customer } = await buy(rig, "org:org_ends", { plan: "teams", seats: 3 });
    await rig.settled();
    await announceOrg("org_ends", { deletionDueAt: new Date(Date.now() + 86_400_000).toISOString() });
    await closeDeletedOrgs(rig.deps);
    expect(await inForce("usr_owner", query)).toMatchObject({ plan: "teams", payment: { endsAt: expect.any(String) } });
    expect(await rig.stripe.subscriptions.retrieve(id)).toMatchObject({ status: "active", cancel_at_period_end: true });
    await announceOrg("org_ends");
    await closeDeletedOrgs(rig.deps);
    expect(await inForce("usr_owner", query)).toMatchObject({ payment: { endsAt: expect.any(String) } });
    expect((await post("usr_owner", `resume${query}`)).body).toMatchObject({ payment: { endsAt: null } });
    await announceOrg("org_ends", { deleted: true, activeMembers: 0 });
    for (let replay = 0; replay < 2; replay += 1) {
      await closeDeletedOrgs(rig.deps);
      expect(await rig.stripe.subscriptions.retrieve(id)).toMatchObject({ status: "canceled" });
      await rowsOf("update org_seats set deletion_acted = 'none' where org_id = ?", ["org_ends"]);
    }
    const [row] = await rowsOf("select plan, status from subscription where owner = ?", ["org:org_ends"]);
    expect(row).toEqual({ plan: "free", status: "canceled" });
    expect((await rig.stripe.invoices.list({ customer: customer as string })).data).toHaveLength(1);
    expect((await post("usr_owner", `checkout${query}`, { plan: "teams" })).status).toBe(404);
  });

  test("that is gone can be paid for by nobody, through a checkout that was open neither", async () => {
    await announceOrg("org_open");
    const { sessionId } = (await post("usr_owner", "checkout?org=org_open", { plan: "teams" })).body;
    await announceOrg("org_open", { deleted: true, activeMembers: 0 });
    await closeDeletedOrgs(rig.deps);
    expect((await rig.stripe.checkout.sessions.retrieve(String(sessionId))).status).toBe("expired");
  });
});

describe("what Stripe says", () => {
  test("a payment that fails keeps the plan for the grace from the first failure, and not a day more", async () => {
    const user = "usr_owes";
    const subscription = await buy(rig, `user:${user}`, { plan: "pro" });
    await giveCard(rig, subscription.customer as string, "pm_card_chargeCustomerFail");
    const renewal = subscription.items.data[0]!.current_period_end;
    await rig.advance({ to: renewal + 2 * 3_600 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "past_due" });
    const { graceEndsAt } = await paymentOf(user);
    await rig.advance({ days: 6 });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", payment: { graceEndsAt } });
    await rig.advance({ days: 1 });
    await resyncDue(rig.deps);
    expect(await inForce(user)).toMatchObject({ plan: "free" });
  });

  test("a customer who is deleted there has nothing here, and becomes another customer at the next checkout", async () => {
    const user = "usr_deleted";
    const subscription = await buy(rig, `user:${user}`, { plan: "pro" });
    await rig.settled();
    await rig.stripe.customers.del(subscription.customer as string);
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "free" });
    const { sessionId } = (await post(user, "checkout", { plan: "pro" })).body;
    const session = await rig.stripe.checkout.sessions.retrieve(String(sessionId));
    expect(session.customer).not.toBe(subscription.customer);
  });

  test("a price that nobody mapped is set aside: nothing is taken away, nothing given, and it is seen once", async () => {
    const user = "usr_dashboard";
    const subscription = await buy(rig, `user:${user}`, { plan: "pro" });
    await rig.settled();
    const product = await rig.stripe.products.create({ name: "by hand" });
    const price = await rig.stripe.prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: 100,
      recurring: { interval: "month" },
    });
    const item = subscription.items.data[0]!.id;
    await rig.stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: price.id }] });
    await rig.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro" });
    const open = "select kind from quarantine where resolved_at is null and subject = ?";
    expect(await rowsOf(open, [price.id])).toEqual([{ kind: "unknown_price" }]);
    await rig.stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: "price_twin_pro" }] });
    await rig.settled();
    expect(await rowsOf(open, [price.id])).toEqual([]);
  });

  test("a customer of nobody is set aside, and one that lost its row is found again by what it says of itself", async () => {
    const customer = await rig.stripe.customers.create({});
    await giveCard(rig, customer.id, "pm_card_visa");
    await rig.stripe.subscriptions.create({ customer: customer.id, items: [{ price: "price_twin_pro" }] });
    await buy(rig, "user:usr_lost", { plan: "pro" });
    await rig.billing.db.raw("update customer set stripe_customer_id = null where owner = 'user:usr_lost'");
    await sweep(rig.deps, { now: true });
    await rig.settled();
    expect(await rowsOf("select kind from quarantine where subject = ?", [customer.id])).toEqual([
      { kind: "orphan_customer" },
    ]);
    expect(await inForce("usr_lost")).toMatchObject({ plan: "pro" });
  });

  test("a payment that is given back ends nothing by itself: it is shown to a person, and stays so until they close it", async () => {
    const subscription = await buy(rig, "user:usr_refund", { plan: "pro" });
    const [charge] = (await rig.stripe.charges.list({ customer: subscription.customer as string })).data;
    await rig.stripe.refunds.create({ charge: charge!.id });
    await rig.settled();
    await sweep(rig.deps, { now: true });
    expect(await inForce("usr_refund")).toMatchObject({ plan: "pro", status: "active" });
    const open = "select kind, detail from quarantine where owner = ? and resolved_at is null";
    expect(await rowsOf(open, ["user:usr_refund"])).toEqual([{ kind: "money_went_back", detail: "charge.refunded" }]);
  });

  test("a process that starts after a pass tells when that was, and not that there was none", async () => {
    await sweep(rig.deps, { now: true });
    const registry = createMetrics("billing");
    await sweep({ ...rig.deps, metrics: createBillingMetrics(registry) });
    const [, seconds] = /^topdog_billing_sweep_finished_seconds\S* (\S+)$/m.exec(await registry.text()) ?? [];
    expect(Number(seconds) * 1000).toBeCloseTo(rig.nowMs(), -4);
  });

  test("what no event told is repaired by the sweep", async () => {
    await rig.control("PUT", "faults", { webhooks: { neverGenerate: 1 } });
    await buy(rig, "user:usr_silent", { plan: "pro_plus" });
    await rig.settled();
    expect(await inForce("usr_silent")).toMatchObject({ plan: "free" });
    await rig.control("DELETE", "faults");
    expect(await sweep(rig.deps, { now: true })).toMatchObject({ complete: true });
    expect(await inForce("usr_silent")).toMatchObject({ plan: "pro_plus" });
  });

  test("a customer who cannot be stored keeps nobody from the sweep, and nobody's grace from its end", async () => {
    const poison = await buy(rig, "user:usr_poison", { plan: "pro" });
    await rig.settled();
    // The next version of this one cannot be stored.
    await rowsOf("update subscription set version = 2147483647 where owner = ?", ["user:usr_poison"]);
    await rowsOf("update customer set resync_at = now() - interval '1 year' where owner = ?", ["user:usr_poison"]);
    await rig.control("PUT", "faults", { webhooks: { neverGenerate: 1 } });
    await rig.stripe.subscriptions.cancel(poison.id);
    await buy(rig, "user:usr_behind", { plan: "pro" });
    await rig.control("DELETE", "faults");
    await resyncDue(rig.deps);
    expect(await sweep(rig.deps, { now: true })).toMatchObject({ complete: true });
    expect(await inForce("usr_behind")).toMatchObject({ plan: "pro" });
    expect(await inForce("usr_poison")).toMatchObject({ plan: "pro" });
  });

  test("a portal that allows more than we do stops selling and itself, nothing else, until it is mended", async () => {
    const user = "usr_portal";
    await buy(rig, `user:${user}`, { plan: "pro" });
    await rig.settled();
    const standard = "bpc_twin_standard";
    await rig.stripe.billingPortal.configurations.update(standard, { active: false });
    // What was right is trusted for a while.
    expect((await post("usr_portal_before", "checkout", { plan: "pro" })).status).toBe(200);
    await rig.advance({ days: 1 });
    for (const [who, path, body] of [
      [user, "portal", {}],
      ["usr_portal_new", "checkout", { plan: "pro" }],
    ] as const)
      expect(await post(who, path, body)).toMatchObject({ status: 503, body: { code: "billing_not_configured" } });
    expect(await post(user, "change-plan", { plan: "pro_plus" })).toMatchObject({ body: { outcome: "changed" } });
    expect(await inForce(user)).toMatchObject({ plan: "pro_plus" });
    await eventually(async () => {
      expect((await fetch(`${rig.billing.url}/readyz`)).status).toBe(200);
      const health = await (await fetch(`${rig.billing.opsUrl}/health`)).json();
      expect(health).toMatchObject({ status: "ok", features: { selling: "failing" } });
    });
    const wrong = (await checkStripe(rig.deps, undefined)).filter(({ ok }) => !ok);
    expect(wrong).toEqual([{ point: "customer portal", ok: false, detail: "is not active" }]);
    await rig.stripe.billingPortal.configurations.update(standard, { active: true });
    await rig.advance({ seconds: 60 });
    expect((await post(user, "portal")).status).toBe(200);
  });

  test("the check of the account finds the twin as it must be, but for what a person has to set up", async () => {
    const wrong = (await checkStripe(rig.deps, undefined)).filter(({ ok }) => !ok);
    expect(wrong).toEqual([]);
  });
});
