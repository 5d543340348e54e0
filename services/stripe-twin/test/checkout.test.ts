import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Stripe } from "stripe";
import { customerWith, type Rig, startTwin } from "./rig.ts";

let rig: Rig;
let stripe: Stripe;
beforeEach(async () => {
  rig = await startTwin();
  stripe = rig.stripe;
});
afterEach(() => rig.stop());

const open = (extra: Partial<Stripe.Checkout.SessionCreateParams> = {}) =>
  stripe.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: "price_twin_pro", quantity: 1 }],
    client_reference_id: "user:usr_1",
    subscription_data: { metadata: { owner: "user:usr_1" } },
    success_url: "http://ide.test/done?session={CHECKOUT_SESSION_ID}",
    cancel_url: "http://ide.test/back",
    ...extra,
  });

const payer = { email: "ada@example.test", name: "Ada", country: "US" };
const submit = (url: string, form: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
const pay = (session: Stripe.Checkout.Session, number: string, extra: Record<string, string> = {}) =>
  submit(session.url!, { ...payer, number, ...extra });

describe("the hosted checkout", () => {
  test("says that no real money moves, and sells the subscription to a card that succeeds", async () => {
    const session = await open();
    const page = await (await fetch(session.url!)).text();
    expect(page).toContain("Stripe twin: no real money");
    expect(page).not.toContain("<script");
    const answer = await pay(session, "4242 4242 4242 4242");
    expect([answer.status, answer.headers.get("location")]).toEqual([
      303,
      `http://ide.test/done?session=${session.id}`,
    ]);
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["subscription", "customer", "line_items"],
    });
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", client_reference_id: "user:usr_1" });
    expect(done.subscription).toMatchObject({ status: "active", metadata: { owner: "user:usr_1" } });
    expect(done.customer).toMatchObject({ email: "ada@example.test" });
    expect(done.line_items?.data[0]).toMatchObject({ quantity: 1, amount_total: 2900 });
  });

  test("sells nothing to a card that is declined, and the customer can pay with another", async () => {
    const session = await open();
    const refused = await pay(session, "4000000000000002");
    expect(refused.status).toBe(402);
    expect(await refused.text()).toContain("Your card was declined.");
    expect((await stripe.subscriptions.list({ status: "all" })).data).toEqual([]);
    expect((await stripe.customers.list()).data).toEqual([]);
    expect((await pay(session, "4242424242424242")).status).toBe(303);
    expect((await stripe.subscriptions.list()).data).toHaveLength(1);
  });

  test("a card that asks for 3-D Secure pays once the challenge is passed, and not when it fails", async () => {
    const session = await open();
    const first = await pay(session, "4000002500003155");
    const challenge = `${rig.url}${first.headers.get("location")}`;
    expect(await (await fetch(challenge)).text()).toContain("3-D Secure");
    await submit(challenge, { outcome: "fail" });
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
    await pay(session, "4000002500003155");
    await submit(challenge, { outcome: "pass" });
    const done = await stripe.checkout.sessions.retrieve(session.id);
    expect(done).toMatchObject({ status: "complete", payment_status: "paid" });
    const all = (await stripe.subscriptions.list({ status: "all" })).data;
    expect(all.map(({ status }) => status).toSorted()).toEqual(["active", "incomplete_expired"]);
  });

  test("a bank debit completes unpaid, and tells later whether the bank paid", async () => {
    const session = await open();
    await pay(session, "bank");
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: "complete",
      payment_status: "unpaid",
    });
    await rig.advance({ days: 4 });
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("paid");
    const types = (await stripe.events.list({ limit: 100 })).data.map(({ type }) => type);
    expect(types).toContain("checkout.session.async_payment_succeeded");
  });

  test("keeps the quantity within its bounds, and takes a promotion code", async () => {
    await stripe.coupons.create({ id: "half", percent_off: 50, duration: "once" });
    await stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: "half" }, code: "HALF" });
    const session = await open({
      line_items: [
        { price: "price_twin_teams", quantity: 3, adjustable_quantity: { enabled: true, minimum: 3, maximum: 50 } },
      ],
      allow_promotion_codes: true,
    });
    await submit(`${session.url}/promotion`, { code: "half" });
    await pay(session, "4242424242424242", { "quantity[0]": "1" });
    const [subscription] = (await stripe.subscriptions.list({ expand: ["data.latest_invoice"] })).data;
    expect(subscription!.items.data[0]!.quantity).toBe(3);
    expect(subscription!.latest_invoice).toMatchObject({ subtotal: 11_700, total: 5850 });
  });

  test("ends by itself after its time, and by request", async () => {
    const [first, second] = [await open(), await open()];
    expect((await stripe.checkout.sessions.expire(first.id)).status).toBe("expired");
    await rig.advance({ days: 1 });
    expect((await stripe.checkout.sessions.retrieve(second.id)).status).toBe("expired");
  });
});

test("an invoice has a page and a PDF that really answer", async () => {
  const customer = await customerWith(stripe);
  const subscription = await stripe.subscriptions.create({
    customer,
    items: [{ price: "price_twin_pro" }],
    expand: ["latest_invoice"],
  });
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  expect(await (await fetch(invoice.hosted_invoice_url!)).text()).toContain(invoice.number);
  const pdf = Buffer.from(await (await fetch(invoice.invoice_pdf!)).arrayBuffer());
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
});

test("an invoice is paid once, however often its page is sent", async () => {
  const customer = await customerWith(stripe, "pm_card_chargeCustomerFail");
  await stripe.subscriptions.create({ customer, items: [{ price: "price_twin_pro" }] });
  const [invoice] = (await stripe.invoices.list({ customer })).data;
  const form = { number: "4242424242424242" };
  const answers = [await submit(invoice!.hosted_invoice_url!, form), await submit(invoice!.hosted_invoice_url!, form)];
  expect(answers.map(({ status }) => status)).toEqual([303, 400]);
  const charges = (await stripe.charges.list({ customer })).data.filter(({ status }) => status === "succeeded");
  expect(charges).toHaveLength(1);
});

describe("webhooks", () => {
  test("are signed as Stripe signs them, arrive in order, and are tried again when they were refused", async () => {
    const received: Stripe.Event[] = [];
    let secret = "";
    let refusals = 1;
    const server = createServer((req, res) => {
      void bodyOf(req).then((body) => {
        const event = Stripe.webhooks.constructEvent(body, req.headers["stripe-signature"] as string, secret);
        res.statusCode = refusals-- > 0 ? 500 : 200;
        if (res.statusCode === 200) received.push(event);
        return res.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const endpoint = await stripe.webhookEndpoints.create({
        url: `http://127.0.0.1:${port}/hook`,
        enabled_events: ["*"],
      });
      secret = endpoint.secret!;
      await customerWith(stripe);
      await rig.control("POST", "deliveries/flush");
      expect(received.map(({ type }) => type)).toEqual(["payment_method.attached", "customer.updated"]);
      await rig.advance({ seconds: 61 });
      expect(received.at(-1)?.type).toBe("customer.created");
      const failed = await stripe.events.list({ delivery_success: false });
      expect(failed.data).toEqual([]);
    } finally {
      server.close();
    }
  });
});

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
