import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { orgUpdated } from "@topdog/contracts/events/org-events";
import { resyncDue } from "@topdog/billing/usecases/resync-due";
import { publishEvent } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import type { Stripe } from "stripe";
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
const inForce = async (user: string, query = ""): Promise<Body> => {
  await rig.settled();
  return (await rig.call("GET", `/api/billing/subscription${query}`, sessionOf(user))).body;
};
const problemsOf = async (owner: string): Promise<Body[]> => {
  const sql = "select kind, subject from quarantine where owner = ? and resolved_at is null order by subject";
  return (await rig.billing.db.raw<{ rows: Body[] }>(sql, [owner])).rows;
};
const itemOf = ({ items }: Stripe.Subscription): string => items.data[0]!.id;

/** A customer whose renewal was declined, two hours after it was due. */
async function owing(user: string): Promise<Stripe.Subscription> {
  const subscription = await buy(rig, `user:${user}`, { plan: "pro" });
  await giveCard(rig, subscription.customer as string, "pm_card_chargeCustomerFail");
  await rig.advance({ to: subscription.items.data[0]!.current_period_end + 2 * 3_600 });
  expect(await inForce(user)).toMatchObject({ plan: "pro", status: "past_due" });
  return subscription;
}

describe("what a person does at Stripe's own dashboard is a fact here", () => {
  test("fewer seats than the minimum and than the members who have one are applied, and shown to an operator until mended", async () => {
    const [owner, query] = ["org:org_few", "?org=org_few"];
    const org = { orgId: "org_few", version: 1, name: "Acme", ownerUserId: "usr_few", activeMembers: 4 };
    const event = { ...org, deletionDueAt: null, deleted: false, changedAt: new Date().toISOString() };
    await publishEvent(await rig.billing.nats.busOf("org-registry"), orgUpdated, event, { id: "org_few-1" });
    const subscription = await buy(rig, owner, { plan: "teams", seats: 5 });
    await eventually(async () => expect(await inForce("usr_few", query)).toMatchObject({ seats: 5, activeMembers: 4 }));
    const setSeats = (quantity: number) =>
      rig.stripe.subscriptions.update(subscription.id, { items: [{ id: itemOf(subscription), quantity }] });
    await setSeats(2);
    expect(await inForce("usr_few", query)).toMatchObject({ plan: "teams", seats: 2, activeMembers: 4 });
    expect(await problemsOf(owner)).toEqual([{ kind: "below_minimum", subject: subscription.id }]);
    await setSeats(4);
    expect(await inForce("usr_few", query)).toMatchObject({ seats: 4 });
    expect(await problemsOf(owner)).toEqual([]);
  });

  test("a paused subscription gives nothing until it is resumed; charges that are not collected take nothing away", async () => {
    const { id } = await buy(rig, "user:usr_paused", { plan: "pro" });
    await rig.stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    expect(await inForce("usr_paused")).toMatchObject({ plan: "pro", payment: { collectionPaused: true } });
    await rig.stripe.subscriptions.update(id, { pause_collection: "" });
    expect(await inForce("usr_paused")).toMatchObject({ plan: "pro", payment: { collectionPaused: false } });
    await rig.stripe.subscriptions.pause(id, { type: "subscription" });
    expect(await inForce("usr_paused")).toMatchObject({ plan: "free", payment: { status: "paused" } });
    await rig.stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: "unchanged" } });
    expect(await inForce("usr_paused")).toMatchObject({ plan: "pro", payment: { status: "active" } });
  });

  test("a second subscription adds nothing: the stronger one decides, the other is shown for a refund until one of them has ended", async () => {
    const owner = "user:usr_twice";
    const weaker = await buy(rig, owner, { plan: "pro" });
    const stronger = await buy(rig, owner, { plan: "pro_plus" });
    expect(await inForce("usr_twice")).toMatchObject({ plan: "pro_plus" });
    expect(await problemsOf(owner)).toEqual([{ kind: "extra_subscription", subject: weaker.id }]);
    await rig.stripe.subscriptions.cancel(stronger.id);
    expect(await inForce("usr_twice")).toMatchObject({ plan: "pro" });
    expect(await problemsOf(owner)).toEqual([]);
  });

  test("a schedule that is let go there changes nothing any more; one that is canceled ends the subscription with it", async () => {
    const { id } = await buy(rig, "user:usr_planned", { plan: "pro_plus" });
    await rig.settled();
    for (const end of ["release", "cancel"] as const) {
      expect((await post("usr_planned", "change-plan", { plan: "pro" })).body).toMatchObject({ outcome: "scheduled" });
      expect(await inForce("usr_planned")).toMatchObject({ payment: { scheduledChange: { plan: "pro" } } });
      const { schedule } = await rig.stripe.subscriptions.retrieve(id);
      await rig.stripe.subscriptionSchedules[end](schedule as string);
      const left =
        end === "release"
          ? { plan: "pro_plus", payment: { scheduledChange: null } }
          : { plan: "free", status: "canceled" };
      expect(await inForce("usr_planned")).toMatchObject(left);
    }
  });

  test("an end at a moment comes at that moment, though no event tells of it", async () => {
    const { id } = await buy(rig, "user:usr_dated", { plan: "pro" });
    const at = Math.floor(rig.nowMs() / 1000) + 3 * 86_400;
    await rig.stripe.subscriptions.update(id, { cancel_at: at });
    const endsAt = new Date(at * 1000).toISOString();
    expect(await inForce("usr_dated")).toMatchObject({ plan: "pro", payment: { endsAt } });
    await rig.control("PUT", "faults", { webhooks: { neverGenerate: 1 } });
    await rig.advance({ days: 3 });
    await rig.control("DELETE", "faults");
    await resyncDue(rig.deps);
    expect(await inForce("usr_dated")).toMatchObject({ plan: "free", status: "canceled" });
  });
});

describe("a payment that is still owed", () => {
  test("for a first period gives nothing, is the one attempt of its owner, and makes room for another after a day", async () => {
    const more = { payment_behavior: "allow_incomplete" } as const;
    await buy(rig, "user:usr_first", { plan: "pro", card: "pm_card_chargeCustomerFail", more });
    expect(await inForce("usr_first")).toMatchObject({ plan: "free", payment: { status: "incomplete" } });
    const second = await post("usr_first", "checkout", { plan: "pro" });
    expect(second).toMatchObject({
      status: 409,
      body: { code: "conflict", paymentUrl: expect.stringMatching(/^http/) },
    });
    await rig.advance({ days: 1 });
    expect(await inForce("usr_first")).toMatchObject({ plan: "free", payment: { status: "incomplete_expired" } });
    expect((await post("usr_first", "checkout", { plan: "pro" })).status).toBe(200);
  });

  test("and was paid outside of Stripe is owed no longer", async () => {
    const { id } = await owing("usr_wired");
    const [owed] = (await rig.stripe.invoices.list({ subscription: id, status: "open" })).data;
    await rig.stripe.invoices.pay(owed!.id!, { paid_out_of_band: true });
    expect(await inForce("usr_wired")).toMatchObject({ plan: "pro", status: "active", payment: { graceEndsAt: null } });
  });

  test("and was given up as unpaid gives the plan back once it is paid after all", async () => {
    await rig.control("PUT", "settings", { afterRetries: "unpaid" });
    const { id, customer } = await owing("usr_late");
    await rig.advance({ days: 20 });
    expect(await inForce("usr_late")).toMatchObject({ plan: "free", payment: { status: "unpaid" } });
    await giveCard(rig, customer as string, "pm_card_visa");
    const [owed] = (await rig.stripe.invoices.list({ subscription: id, status: "open" })).data;
    await rig.stripe.invoices.pay(owed!.id!);
    expect(await inForce("usr_late")).toMatchObject({ plan: "pro", status: "active" });
  });
});
