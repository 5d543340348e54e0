import { describe, expect, test } from "@jest/globals";
import { decideEntitlement, type Entitlement } from "./entitlement.ts";
import { readSubscriptions } from "./governing.ts";
import { createPriceMap } from "./price-map.ts";
import { stripeSubscription } from "../../test/stripe-subscription-sample.ts";
import { effectiveEnd, renewsAt, type StripeSubscription } from "./stripe-subscription.ts";

const prices = createPriceMap({
  STRIPE_PRICE_ID_PRO: "price_pro",
  STRIPE_PRICE_ID_PRO_ANNUAL: "price_pro_year",
  STRIPE_PRICE_ID_TEAMS: "price_teams",
});
const dayMs = 86_400_000;
const now = Date.UTC(2026, 5, 1);
const last = { plan: "pro_plus", interval: "year", seats: 1, status: "active" } as const;

function decide(
  subscription: StripeSubscription,
  more: { unknownSince?: Date; owner?: string; graceBefore?: Date } = {},
): Entitlement {
  const { governing } = readSubscriptions([subscription], prices, more.owner ?? "user:usr_1");
  return decideEntitlement(governing, {
    nowMs: now,
    graceMs: 7 * dayMs,
    last,
    graceBefore: more.graceBefore ?? null,
    unknownSince: more.unknownSince ?? null,
  });
}

describe("what a status allows", () => {
  test.each([
    ["active", "pro", "active"],
    ["trialing", "pro", "trialing"],
    ["past_due", "pro", "past_due"],
    ["incomplete", "free", "active"],
    ["incomplete_expired", "free", "canceled"],
    ["unpaid", "free", "past_due"],
    ["paused", "free", "active"],
    ["canceled", "free", "canceled"],
  ])("%s: %s", (status, plan, says) => {
    const unpaidSince = new Date(now - dayMs);
    expect(decide(stripeSubscription({ status, unpaidSince }))).toMatchObject({ plan, status: says });
  });

  test("an annual price is the same plan, by the year", () => {
    const item = { ...stripeSubscription().items[0]!, priceId: "price_pro_year", months: 12 };
    expect(decide(stripeSubscription({ items: [item] }))).toMatchObject({ plan: "pro", interval: "year" });
  });

  test("a grace that no invoice dates goes on as it began, however often it is looked at", () => {
    const owes = stripeSubscription({ status: "past_due", unpaidSince: null });
    const begun = decide(owes).graceEndsAt;
    expect(begun).toEqual(new Date(now + 7 * dayMs));
    const [later, over] = [new Date(now + dayMs), new Date(now - dayMs)];
    expect(decide(owes, { graceBefore: later })).toMatchObject({ plan: "pro", graceEndsAt: later });
    expect(decide(owes, { graceBefore: over })).toMatchObject({ plan: "free", graceEndsAt: over });
  });

  test("the grace is counted from the first failure, says when it ends, and is over then", () => {
    const at = (days: number) =>
      decide(stripeSubscription({ status: "past_due", unpaidSince: new Date(now - days * dayMs) }));
    expect(at(6)).toMatchObject({ plan: "pro", graceEndsAt: new Date(now + dayMs), changesAt: new Date(now + dayMs) });
    expect(at(7)).toMatchObject({ plan: "free", status: "past_due", changesAt: null });
  });

  test("collection that is paused takes nothing away: the status decides", () => {
    expect(decide(stripeSubscription({ collectionPaused: true }))).toMatchObject({ plan: "pro" });
  });

  test("every form of a set end is an end, with or without an event at its time; when it was asked for is none", () => {
    const end = new Date(now + dayMs);
    const items = [{ ...stripeSubscription().items[0]!, periodEnd: end }];
    expect(decide(stripeSubscription({ cancelAtPeriodEnd: true, items }))).toMatchObject({
      plan: "pro",
      changesAt: end,
    });
    expect(decide(stripeSubscription({ cancelAt: end }))).toMatchObject({ plan: "pro", changesAt: end });
    const past = new Date(now);
    expect(decide(stripeSubscription({ cancelAt: past }))).toMatchObject({ plan: "free", status: "canceled" });
    const ended = [{ ...items[0]!, periodEnd: past }];
    expect(decide(stripeSubscription({ cancelAtPeriodEnd: true, items: ended }))).toMatchObject({ plan: "free" });
  });

  test("of items with periods of their own the first to end renews, and the last to end is the end; without a period there is neither", () => {
    const item = stripeSubscription().items[0]!;
    const [soon, late] = [new Date(now + dayMs), new Date(now + 300 * dayMs)];
    const items = [
      { ...item, periodEnd: late },
      { ...item, id: "si_2", periodEnd: soon },
    ];
    expect(renewsAt(stripeSubscription({ items }))).toEqual(soon);
    expect(effectiveEnd(stripeSubscription({ items }))).toBeNull();
    expect(effectiveEnd(stripeSubscription({ items, cancelAtPeriodEnd: true }))).toEqual(late);
    const without = stripeSubscription({ items: [{ ...item, periodEnd: null }], cancelAtPeriodEnd: true });
    expect([renewsAt(without), effectiveEnd(without)]).toEqual([null, null]);
    expect(decide(without)).toMatchObject({ plan: "pro", changesAt: null });
  });

  test("an unknown status keeps what was in force for a day, then nothing", () => {
    const subscription = stripeSubscription({ status: "hibernating" });
    expect(decide(subscription, { unknownSince: new Date(now - dayMs / 2) })).toMatchObject(last);
    expect(decide(subscription, { unknownSince: new Date(now - dayMs) })).toMatchObject({ plan: "free" });
  });

  test("an unknown price, and a plan of the wrong kind of owner, keep what was in force and raise nothing", () => {
    const unknown = { ...stripeSubscription().items[0]!, priceId: "price_of_the_dashboard" };
    expect(decide(stripeSubscription({ items: [unknown] }))).toMatchObject(last);
    const teams = { ...unknown, priceId: "price_teams", quantity: 3 };
    expect(decide(stripeSubscription({ items: [teams] }))).toMatchObject(last);
    expect(decide(stripeSubscription({ items: [teams] }), { owner: "org:org_1" })).toMatchObject({
      plan: "teams",
      seats: 3,
    });
  });
});

describe("which subscription decides", () => {
  const ids = (all: StripeSubscription[], owner = "user:usr_1") => {
    const { governing, problems } = readSubscriptions(all, prices, owner);
    return {
      governing: governing?.subscription.id,
      problems: problems.map(({ kind, subject }) => `${kind} ${subject}`),
    };
  };

  test("the strongest, whatever order they are listed in; the other live ones are for an operator", () => {
    const active = stripeSubscription({ id: "sub_b" });
    const owed = stripeSubscription({ id: "sub_a", status: "past_due" });
    const ended = stripeSubscription({ id: "sub_c", status: "canceled" });
    const expected = { governing: "sub_b", problems: ["extra_subscription sub_a"] };
    for (const all of [
      [active, owed, ended],
      [ended, owed, active],
      [owed, ended, active],
    ])
      expect(ids(all)).toEqual(expected);
  });

  test("what is not understood is set aside: prices, statuses, several items, seats below the minimum", () => {
    const item = stripeSubscription().items[0]!;
    expect(ids([stripeSubscription({ items: [{ ...item, priceId: "price_x" }] })]).problems).toEqual([
      "unknown_price price_x",
    ]);
    expect(ids([stripeSubscription({ status: "odd" })]).problems).toEqual(["unknown_status sub_1"]);
    expect(ids([stripeSubscription({ items: [item, { ...item, id: "si_2" }] })]).problems).toEqual([
      "several_items sub_1",
    ]);
    expect(ids([stripeSubscription({ taxLocationMissing: true })]).problems).toEqual(["tax_location_missing sub_1"]);
    const few = stripeSubscription({ items: [{ ...item, priceId: "price_teams", quantity: 1 }] });
    expect(ids([few], "org:org_1").problems).toEqual(["below_minimum sub_1"]);
    expect(ids([few]).problems).toEqual(["wrong_owner_kind sub_1"]);
    expect(ids([stripeSubscription({ items: [{ ...item, periodEnd: null }] })]).problems).toEqual([
      "period_missing sub_1",
    ]);
  });
});
