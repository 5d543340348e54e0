import { describe, expect, test } from "@jest/globals";
import { type PlanId, plans } from "@topdog/contracts/plans";
import * as fc from "fast-check";
import { formatUsd, listTiers } from "./tier.ts";

const shown = (id: PlanId): (string | null)[] => {
  const tier = listTiers({ regulatedLineup: true }).find((one) => one.plan.id === id);
  if (tier === undefined) throw new Error(`no tier ${id}`);
  return [tier.month.display, tier.year?.display ?? null, tier.byokDisplay, tier.orgBucketDisplay];
};

describe("the tiers as they are shown", () => {
  test.each<[PlanId, string, string | null, string, string | null]>([
    ["free", "$0 / month", null, "2 personal slots", null],
    ["pro", "$29 / month", "$26.10 / month", "3 personal slots", null],
    ["pro_plus", "$49 / month", "$44.10 / month", "5 personal slots", null],
    ["teams", "$39 / seat / month", "$35.10 / seat / month", "12 + 2 × seats, pooled", "400 × seats API calls / day"],
    [
      "enterprise",
      "$79 / seat / month",
      "$71.10 / seat / month",
      "24 + 3 × seats, pooled",
      "1,750 × seats API calls / day",
    ],
    [
      "med_teams",
      "$129 / seat / month",
      "$129 / seat / month",
      "7 × seats, pooled",
      "35 % of the seats' own API calls / day",
    ],
    ["sci_pro", "$69 / month", "$69 / month", "5 personal slots", null],
  ])("%s reads as on the product page", (id, ...texts) => {
    expect(shown(id)).toEqual(texts);
  });

  test("the regulated lineup is offered only where it is switched on", () => {
    expect(listTiers({ regulatedLineup: false }).map((tier) => tier.plan.id)).toEqual([
      "free",
      "pro",
      "pro_plus",
      "teams",
      "enterprise",
    ]);
    expect(listTiers({ regulatedLineup: true })).toHaveLength(Object.keys(plans).length);
  });

  test("a regulated year is exactly twelve months; a Dev year is a tenth less", () => {
    for (const { plan, month, year } of listTiers({ regulatedLineup: true })) {
      if (year === null) continue;
      expect(year.perIntervalCents).toBe(year.perMonthCents * 12);
      const full = month.perMonthCents * 12;
      expect(year.perIntervalCents).toBe(plan.lineup === "dev" ? (full * 9) / 10 : full);
    }
  });

  test("a displayed amount loses no cent", () => {
    fc.assert(
      fc.property(fc.nat(100_000_000), (cents) => {
        const text = formatUsd(cents);
        expect(Math.round(Number(text.replaceAll(/[$,]/g, "")) * 100)).toBe(cents);
      }),
    );
  });
});
