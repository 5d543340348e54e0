import { describe, expect, test } from "@jest/globals";
import { chartUsage, daysAgo, groupUsage, intervalsUntil, totalOf, type UsageLine } from "./usage.ts";

const line = (parts: Partial<UsageLine>): UsageLine => ({
  at: "2026-11-26",
  calls: 1,
  llmRequests: 1,
  llmRequestsCharged: 1,
  refundedCalls: 0,
  promptTokens: 10,
  completionTokens: 5,
  costNanoUsd: 7,
  costUsd: "0.000000007",
  unpricedCalls: 0,
  ...parts,
});

describe("usage on the dashboard", () => {
  test("has every interval of a range, the present one as the last", () => {
    const justAfterMidnight = Date.parse("2026-12-01T00:20:00Z");
    const times = (interval: "day" | "hour", count: number) =>
      intervalsUntil(justAfterMidnight, interval, count).map((ms) => new Date(ms).toISOString());
    expect(times("day", 3)).toEqual(["2026-11-29", "2026-11-30", "2026-12-01"].map((day) => `${day}T00:00:00.000Z`));
    expect(times("hour", 2)).toEqual(["2026-11-30T23:00:00.000Z", "2026-12-01T00:00:00.000Z"]);
    expect(daysAgo(justAfterMidnight, 1)).toBe("2026-12-01");
    expect(daysAgo(justAfterMidnight, 7)).toBe("2026-11-25");
  });

  test("adds up what has one value, the largest by the chosen measure first, and calls without a value by themselves", () => {
    const lines = [
      line({ model: "small" }),
      line({ model: "large", costNanoUsd: 100 }),
      line({ model: "small", at: "2026-11-25" }),
      line({ model: null, llmRequests: 0, costNanoUsd: 0, refundedCalls: 2 }),
    ];
    const named = (measure: "calls" | "cost") => groupUsage(lines, "model", measure).map(({ value }) => value);
    expect(named("calls")[0]).toBe("small");
    expect(named("cost")).toEqual(["large", "small", null]);
    expect(groupUsage(lines, "model", "calls")[0]).toEqual({
      value: "small",
      calls: 2,
      llmRequests: 2,
      refundedCalls: 0,
      tokens: 30,
      costNanoUsd: 14,
      unpricedCalls: 0,
    });
    expect(totalOf(lines)).toMatchObject({ calls: 4, llmRequests: 3, refundedCalls: 2, tokens: 60, costNanoUsd: 114 });
  });

  test("is a chart of the largest groups, of all others together, and of the intervals without calls", () => {
    const lines = ["a", "b", "c", "d"].flatMap((keyId, index) => [
      line({ keyId, calls: 10 - index }),
      line({ keyId, at: "2026-11-24" }),
      line({ keyId, at: "2026-01-01", calls: 1_000 - index }),
    ]);
    const intervals = intervalsUntil(Date.parse("2026-11-26T12:00:00Z"), "day", 3);
    const asked = { dimension: "key", measure: "calls", intervals } as const;
    expect(chartUsage(lines, { ...asked, maxSeries: 3 })).toEqual({
      values: ["a", "b"],
      hasOthers: true,
      figures: [
        [1, 1, 2],
        [0, 0, 0],
        [10, 9, 15],
      ],
    });
    expect(chartUsage(lines, { ...asked, maxSeries: 4 })).toMatchObject({
      values: ["a", "b", "c", "d"],
      hasOthers: false,
    });
    expect(chartUsage([], { ...asked, maxSeries: 4 }).figures).toEqual([[], [], []]);
  });
});
