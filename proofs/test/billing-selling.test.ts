import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createPriceMap } from "@topdog/billing/domain/price-map";
import { checkStripe } from "@topdog/billing/usecases/check-stripe";
import { sessionOf } from "@topdog/testing/account-call";
import { ensurePortal, ensurePrices, startBillingAtStripe } from "../support/billing-at-stripe.ts";
import { type BillingSide, startBillingRig } from "../support/billing-rig.ts";
import { buy, giveCard } from "../support/purchases.ts";

type Body = Record<string, unknown>;
const testKey = process.env["STRIPE_TEST_SECRET_KEY"];
const atStripe = "a test account of Stripe's";
const sides: readonly (readonly [name: string, start: () => Promise<BillingSide>])[] = [
  // A report says by this name what was not asked.
  [
    testKey === undefined ? `the twin alone (STRIPE_TEST_SECRET_KEY is not set: not with ${atStripe})` : "the twin",
    startBillingRig,
  ],
  ...(testKey === undefined ? [] : [[atStripe, () => startBillingAtStripe(testKey)] as const]),
];

/** What needs no clock that moves: the same for the twin, and for Stripe where there is a test key. */
describe.each(sides)("selling with %s", (_name, start) => {
  let side: BillingSide;
  beforeAll(async () => {
    side = await start();
  }, 120_000);
  afterAll(() => side.stop());

  const person = (): string => `usr_${randomUUID().slice(0, 8)}`;
  const post = async (user: string, path: string, body: Body = {}): Promise<Body> =>
    (await side.call("POST", `/api/billing/${path}`, sessionOf(user), body)).body;
  const inForce = async (user: string): Promise<Body> =>
    (await side.call("GET", "/api/billing/subscription", sessionOf(user))).body;

  test("a checkout is for the owner's one customer, and the same one while it is open", async () => {
    const user = person();
    const first = await post(user, "checkout", { plan: "pro" });
    expect((await post(user, "checkout", { plan: "pro" }))["sessionId"]).toBe(first["sessionId"]);
    const other = await post(user, "checkout", { plan: "pro_plus", interval: "year" });
    const session = await side.stripe.checkout.sessions.retrieve(String(first["sessionId"]));
    expect(session).toMatchObject({ status: "expired", client_reference_id: `user:${user}` });
    const next = await side.stripe.checkout.sessions.retrieve(String(other["sessionId"]));
    expect(next).toMatchObject({ status: "open", customer: session.customer });
  });

  test("more is paid as the preview said; a year in place of a month too; less waits, and can be taken back", async () => {
    const user = person();
    const { id } = await buy(side, `user:${user}`, { plan: "pro" });
    await side.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", status: "active" });
    const preview = (await post(user, "change-plan/preview", { plan: "pro_plus" }))["now"] as Body;
    const { dueCents, prorationDate } = preview;
    expect(await post(user, "change-plan", { plan: "pro_plus", prorationDate })).toMatchObject({ outcome: "changed" });
    expect(await inForce(user)).toMatchObject({ plan: "pro_plus" });
    const [newest] = (await side.stripe.invoices.list({ subscription: id })).data;
    expect(newest).toMatchObject({ status: "paid", total: dueCents });
    expect(await post(user, "change-plan", { interval: "year" })).toMatchObject({ outcome: "changed" });
    expect(await post(user, "change-plan", { plan: "pro", interval: "month" })).toMatchObject({ outcome: "scheduled" });
    const scheduledChange = { plan: "pro", interval: "month", seats: 1 };
    expect(await inForce(user)).toMatchObject({ plan: "pro_plus", interval: "year", payment: { scheduledChange } });
    expect(await post(user, "resume")).toMatchObject({ payment: { scheduledChange: null } });
    expect(await post(user, "cancel")).toMatchObject({ payment: { endsAt: expect.any(String) } });
    expect(await post(user, "resume")).toMatchObject({ payment: { endsAt: null } });
    const invoices = (await side.call("GET", "/api/billing/invoices", sessionOf(user))).body["items"] as Body[];
    expect(invoices).toHaveLength(3);
    for (const { hostedUrl, pdfUrl } of invoices) for (const url of [hostedUrl, pdfUrl]) expect(url).toMatch(/^http/);
  }, 120_000);

  test("what is set up in an account for this suite is as it must be, and is set up once", async () => {
    const [portal, prices] = [await ensurePortal(side.stripe), await ensurePrices(side.stripe)];
    expect([await ensurePortal(side.stripe), await ensurePrices(side.stripe)]).toEqual([portal, prices]);
    const findings = await checkStripe({ ...side.deps, prices: createPriceMap(prices) }, portal);
    const wrong = findings.filter(({ ok, point }) => !ok && point !== "webhook endpoint");
    expect([wrong, findings.length > 10]).toEqual([[], true]);
  });

  test("a card that is declined leaves the old plan in force, and says where to pay", async () => {
    const user = person();
    const subscription = await buy(side, `user:${user}`, { plan: "pro" });
    await giveCard(side, subscription.customer as string, "pm_card_chargeCustomerFail");
    const answer = await post(user, "change-plan", { plan: "pro_plus" });
    expect(answer).toMatchObject({ outcome: "payment_required", paymentUrl: expect.stringMatching(/^http/) });
    await side.settled();
    expect(await inForce(user)).toMatchObject({ plan: "pro", payment: { changePending: true } });
  });
});
