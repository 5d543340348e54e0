import { expect, test } from "@jest/globals";
import {
  type EndpointFacts,
  judgeEndpoints,
  judgePortal,
  judgePrice,
  neededEvents,
  type PortalFacts,
  type PriceFacts,
} from "./account-check.ts";
import { createPriceMap } from "./price-map.ts";

const prices = createPriceMap({
  STRIPE_PRICE_ID_PRO: "price_pro",
  STRIPE_PRICE_ID_PRO_ANNUAL: "price_pro_year",
  STRIPE_PRICE_ID_TEAMS: "price_teams",
  STRIPE_PRICE_ID_ENTERPRISE: "price_enterprise",
});
const [pro, proByTheYear] = prices.all;

const product = (priceId: string, minimum: number, adjustable = true) => ({ priceIds: [priceId], adjustable, minimum });
const portal: PortalFacts = {
  active: true,
  updatesPlans: true,
  prorationBehavior: "always_invoice",
  atPeriodEnd: ["decreasing_item_amount", "shortening_interval"],
  products: [product("price_pro", 1, false), product("price_teams", 3), product("price_enterprise", 10)],
  cancels: true,
  cancelsAtPeriodEnd: true,
  updatesPaymentMethods: true,
};
const price: PriceFacts = {
  active: true,
  livemode: true,
  currency: "usd",
  unitAmountCents: 2900,
  interval: "1 month",
  licensed: true,
};
const version = "2026-10-28.endive";
const endpoint: EndpointFacts = {
  url: "https://topdog.example/api/billing/webhook",
  enabled: true,
  apiVersion: version,
  events: [...neededEvents],
};

test("a portal that allows what we allow is right, one that changes no plans too", () => {
  expect(judgePortal(portal, prices)).toMatchObject({ ok: true });
  const closed = { ...portal, updatesPlans: false, prorationBehavior: "none", atPeriodEnd: [], products: [] };
  expect(judgePortal(closed, prices)).toMatchObject({ ok: true });
});

test.each<[string, Partial<PortalFacts>]>([
  ["is not active", { active: false }],
  ["nobody could pay", { updatesPaymentMethods: false }],
  ["cancels at once", { cancelsAtPeriodEnd: false }],
  ["seats would be free", { prorationBehavior: "none" }],
  ["seats would be free", { prorationBehavior: "create_prorations" }],
  ["decreasing_item_amount", { atPeriodEnd: ["shortening_interval"] }],
  ["shortening_interval", { atPeriodEnd: ["decreasing_item_amount"] }],
  ["allows 2 seats of teams, and 3", { products: [product("price_teams", 2)] }],
  ["allows 1 seats of enterprise, and 10", { products: [product("price_enterprise", 1)] }],
])("a portal is wrong that %s: %j", (detail, over) => {
  expect(judgePortal({ ...portal, ...over }, prices)).toMatchObject({
    ok: false,
    detail: expect.stringContaining(detail),
  });
});

test("no portal at all is wrong", () => {
  expect(judgePortal(null, prices).ok).toBe(false);
});

test.each<[string, Partial<PriceFacts>]>([
  ["archived", { active: false }],
  ["other mode", { livemode: false }],
  ["in eur", { currency: "eur" }],
  ["charges 2901 cents", { unitAmountCents: 2901 }],
  ["recurs by 1 week", { interval: "1 week" }],
  ["recurs by nothing", { interval: null }],
  ["metered", { licensed: false }],
])("a price is wrong that is %s", (detail, over) => {
  expect(judgePrice(pro!, { ...price, ...over }, true)).toMatchObject({
    ok: false,
    detail: expect.stringContaining(detail),
  });
});

test("a price is right that charges the catalogue's amount; a year is a tenth less", () => {
  expect(judgePrice(pro!, price, true).ok).toBe(true);
  expect(judgePrice(proByTheYear!, { ...price, unitAmountCents: 31_320, interval: "1 year" }, true).ok).toBe(true);
  expect(judgePrice(pro!, null, true).ok).toBe(false);
});

test("of several endpoints one must write our version, and one be sent every event that is needed", () => {
  const old = { ...endpoint, apiVersion: "2024-12-18.acacia" };
  expect(judgeEndpoints([endpoint], version).ok).toBe(true);
  expect(judgeEndpoints([{ ...endpoint, events: ["*"] }, old], version).ok).toBe(true);
  for (const [detail, all] of [
    ["none is enabled", []],
    ["none is enabled", [{ ...endpoint, enabled: false }]],
    ["none is enabled", [{ ...endpoint, url: "https://topdog.example/another" }]],
    ["its API version is 2024-12-18.acacia", [old]],
    ["is not sent invoice.paid", [{ ...endpoint, events: neededEvents.filter((one) => one !== "invoice.paid") }]],
  ] as const)
    expect(judgeEndpoints(all, version)).toMatchObject({ ok: false, detail: expect.stringContaining(detail) });
});
