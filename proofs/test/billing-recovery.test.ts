import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createPriceMap } from "@topdog/billing/domain/price-map";
import { replayEvents } from "@topdog/billing/store/webhook-events";
import { backfillEvents } from "@topdog/billing/usecases/backfill-events";
import { forgetOldRecords } from "@topdog/billing/usecases/forget-old-records";
import { resolveQuarantine } from "@topdog/billing/usecases/resolve-quarantine";
import { settleWebhooks } from "@topdog/billing/usecases/settle-webhooks";
import { twinPriceId, twinPriceVariables } from "@topdog/contracts/stripe-prices";
import type { Stripe } from "stripe";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { buy } from "../support/purchases.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
});
afterAll(() => rig.stop());

type Row = Record<string, unknown>;
const rowsOf = async (sql: string, values: string[] = []): Promise<Row[]> =>
  (await rig.billing.db.raw<{ rows: Row[] }>(sql, values)).rows;
const planOf = async (owner: string): Promise<unknown> =>
  (await rowsOf("select plan from subscription where owner = ?", [owner]))[0]?.["plan"];
const eventsOf = ({ customer }: Stripe.Subscription): Promise<Row[]> =>
  rowsOf("select id, state from webhook_event where customer_id = ? order by id", [customer as string]);
const dayMs = 86_400_000;

test.each([true, false])(
  "events that were sent while nobody could take them come from Stripe's own list, once (only what it could not deliver: %s)",
  async (undeliveredOnly) => {
    const owner = `user:usr_missed_${undeliveredOnly}`;
    const fault = undeliveredOnly ? { wrongSignature: 1 } : { drop: 1 };
    await rig.control("PUT", "faults", { webhooks: fault });
    const missed = await buy(rig, owner, { plan: "pro" });
    await rig.settled();
    expect([await planOf(owner), await eventsOf(missed)]).toEqual([undefined, []]);
    await rig.control("DELETE", "faults");
    const options = { since: new Date(rig.nowMs() - dayMs), undeliveredOnly };
    const { seen, added } = await backfillEvents(rig.deps, options);
    expect(added).toBeGreaterThan(0);
    await settleWebhooks(rig.deps);
    await rig.settled();
    expect(await planOf(owner)).toBe("pro");
    const known = await eventsOf(missed);
    expect(await backfillEvents(rig.deps, options)).toEqual({ seen, added: 0 });
    expect(await eventsOf(missed)).toEqual(known);
  },
);

test("an event that failed is settled once more, by name or with all that failed; one that is unknown is not", async () => {
  const owner = "user:usr_replayed";
  const subscription = await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  const [event] = await eventsOf(subscription);
  const id = String(event?.["id"]);
  await rig.control("PUT", "faults", { webhooks: { neverGenerate: 1 } });
  for (const [plan, which] of [
    ["pro_plus", null],
    ["pro", id],
  ] as const) {
    await rowsOf("update webhook_event set state = 'failed', attempts = 20 where id = ?", [id]);
    const items = [{ id: subscription.items.data[0]!.id, price: twinPriceId(plan, "month") }];
    await rig.stripe.subscriptions.update(subscription.id, { items });
    expect(await replayEvents(rig.billing.db, which)).toBe(1);
    await settleWebhooks(rig.deps);
    await rig.settled();
    expect([plan, await planOf(owner)]).toEqual([plan, plan]);
  }
  await rig.control("DELETE", "faults");
  expect(await replayEvents(rig.billing.db, "evt_of_nobody")).toBe(0);
  expect(await replayEvents(rig.billing.db, null)).toBe(0);
});

test("an event is known for longer than Stripe can send it again, and forgotten then", async () => {
  const subscription = await buy(rig, "user:usr_remembered", { plan: "pro" });
  await rig.settled();
  const ids = (await eventsOf(subscription)).map(({ id }) => String(id));
  const [kept, gone] = [ids[0]!, ids[1]!];
  const age = "update webhook_event set settled_at = now() - make_interval(days => ?) where id = ?";
  await rowsOf(age, ["36", kept]);
  await rowsOf(age, ["41", gone]);
  await forgetOldRecords(rig.billing.db);
  expect((await eventsOf(subscription)).map(({ id }) => id)).toEqual(ids.filter((id) => id !== gone));
});

test("a price that is mapped later counts when its entry in the quarantine is resolved; what is still so comes back", async () => {
  const owner = "user:usr_mapped";
  const subscription = await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  const product = await rig.stripe.products.create({ name: "Pro+ by hand" });
  const price = await rig.stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 4900,
    recurring: { interval: "month" },
  });
  const items = [{ id: subscription.items.data[0]!.id, price: price.id }];
  await rig.stripe.subscriptions.update(subscription.id, { items });
  await rig.settled();
  const open = async (): Promise<string[]> =>
    (await rowsOf("select id from quarantine where subject = ? and resolved_at is null", [price.id])).map(({ id }) =>
      String(id),
    );
  const [entry] = await open();
  expect(await resolveQuarantine(rig.deps, entry!, "a guess")).toBe(true);
  const [again] = await open();
  expect([await planOf(owner), again === entry, again === undefined]).toEqual(["pro", false, false]);
  const prices = createPriceMap({ ...twinPriceVariables(), STRIPE_PRICE_ID_PRO_PLUS: price.id });
  expect(await resolveQuarantine({ ...rig.deps, prices }, again!, "mapped")).toBe(true);
  expect([await planOf(owner), await open()]).toEqual(["pro_plus", []]);
  expect(await resolveQuarantine(rig.deps, again!, "twice")).toBe(false);
});

test("a world that was forgotten begins anew, and its events arrive as before", async () => {
  await buy(rig, "user:usr_before", { plan: "pro" });
  await rig.settled();
  await rig.control("PUT", "faults", { webhooks: { drop: 1 } });
  await rig.forget();
  expect((await rig.stripe.customers.list()).data).toEqual([]);
  await buy(rig, "user:usr_after", { plan: "pro_plus" });
  await rig.settled();
  expect(await planOf("user:usr_after")).toBe("pro_plus");
});
