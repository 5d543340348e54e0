import type { Tier, Tiers } from "./answers.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { sumSeats } from "./seat-math.ts";

const catalogue = JSON.parse(readFileSync(new URL("../api/tiers.json", import.meta.url), "utf8")) as Tiers;
const tier = (id: string): Tier => {
  const found = catalogue.tiers.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no plan ${id}`);
  return found;
};

describe("the seat calculator", () => {
  test("prices a team by the month and by the year, ten percent less", () => {
    expect(sumSeats(tier("teams"), 5, "month")).toMatchObject({ perMonthCents: 19_500, perIntervalCents: 19_500 });
    expect(sumSeats(tier("teams"), 5, "year")).toMatchObject({ perMonthCents: 17_550, perIntervalCents: 210_600 });
  });

  test.each([
    ["teams", 1, 3],
    ["teams", Number.NaN, 3],
    ["enterprise", 9.9, 10],
    ["enterprise", 12, 12],
    ["enterprise", 1e9, 1_000_000],
    ["pro", 7, 1],
  ])("counts %s with %s seats as %s", (id, wanted, seats) => {
    expect(sumSeats(tier(id), wanted, "month").seats).toBe(seats);
  });

  test("adds up what the seats may do together", () => {
    expect(sumSeats(tier("teams"), 4, "month")).toMatchObject({
      apiCallsPerDay: 6_400,
      llmRequestsPerDay: 2_400,
      orgBucketPerDay: 1_600,
      byokSlots: 20,
    });
  });

  test("takes the share of the seats' own calls where a plan's bucket is one, rounded down", () => {
    const medical: Tier = {
      ...tier("teams"),
      limits: { apiCallsPerDay: 2_001, llmRequestsPerDay: 800, concurrentRequests: 4 },
      orgBucket: { callsPerSeatPerDay: null, percentOfSeatCalls: 35, display: "35 %" },
    };
    expect(sumSeats(medical, 5, "month").orgBucketPerDay).toBe(3_501);
  });
});
