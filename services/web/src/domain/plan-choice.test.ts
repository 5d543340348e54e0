import type { SubscriptionView, Tiers } from "./answers.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { firstChoice, isInForce, isSubscribed, plansFor } from "./plan-choice.ts";

const { tiers } = JSON.parse(readFileSync(new URL("../api/tiers.json", import.meta.url), "utf8")) as Tiers;
const idle: SubscriptionView = {
  owner: "user:u",
  plan: "free",
  planName: "Free",
  interval: "month",
  seats: 1,
  activeMembers: null,
  status: "active",
  version: 0,
  changedAt: null,
  payment: null,
};
const paying = (status: string): SubscriptionView => ({
  ...idle,
  plan: "pro",
  payment: {
    status,
    renewsAt: null,
    endsAt: null,
    trialEndsAt: null,
    graceEndsAt: null,
    collectionPaused: false,
    changePending: false,
    paymentUrl: null,
    scheduledChange: null,
  },
});
const nothing = { plan: null, interval: null };

describe("choosing a plan", () => {
  test("offers people the plans without seats and orgs those with, and never Free", () => {
    expect(plansFor(tiers, false).map(({ id }) => id)).toEqual(["pro", "pro_plus"]);
    expect(plansFor(tiers, true).map(({ id }) => id)).toEqual(["teams", "enterprise"]);
  });

  test("starts with what was asked for, else with what is in force, else with the smallest", () => {
    const offered = plansFor(tiers, false);
    expect(firstChoice(offered, idle, { plan: "pro_plus", interval: "year" })).toEqual({
      plan: "pro_plus",
      interval: "year",
      seats: 1,
    });
    expect(firstChoice(offered, { ...idle, plan: "pro_plus" }, nothing)?.plan).toBe("pro_plus");
    expect(firstChoice(offered, idle, { plan: "teams", interval: "weekly" })).toEqual({
      plan: "pro",
      interval: "month",
      seats: 1,
    });
  });

  test("never starts below the seats that the plan needs", () => {
    expect(firstChoice(plansFor(tiers, true), idle, { plan: "enterprise", interval: null })?.seats).toBe(10);
  });

  test("buys by a checkout where no subscription is alive, and changes one that is", () => {
    expect(isSubscribed(idle)).toBe(false);
    expect(["active", "trialing", "past_due"].map((status) => isSubscribed(paying(status)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(["canceled", "unpaid", "incomplete"].map((status) => isSubscribed(paying(status)))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("of what is in force changes nothing, unless something else is to come", () => {
    const subscription = paying("active");
    const { payment } = subscription;
    const same = { plan: "pro", interval: "month", seats: 1 } as const;
    expect(isInForce(subscription, same)).toBe(true);
    expect(isInForce(subscription, { ...same, plan: "pro_plus" })).toBe(false);
    expect(isInForce(subscription, { ...same, interval: "year" })).toBe(false);
    expect(isInForce(subscription, { ...same, seats: 2 })).toBe(false);
    expect(isInForce(idle, { ...same, plan: "free" })).toBe(false);
    const ending = payment === null ? null : { ...payment, endsAt: "2026-12-27T00:00:00.000Z" };
    expect(isInForce({ ...subscription, payment: ending }, same)).toBe(false);
  });
});
