import { describe, expect, test } from "@jest/globals";
import { daysAgo, daysBetween, groupUsage } from "./usage.ts";

const amounts = { calls: 1, llmRequests: 1, promptTokens: 10, completionTokens: 5, costNanoUsd: 7 };

describe("usage on the dashboard", () => {
  test("has every day of a range, also over the end of a month and those without calls", () => {
    expect(daysBetween("2026-11-29", "2026-12-02")).toEqual(["2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"]);
    expect(daysBetween("2026-11-29", "2026-11-29")).toEqual(["2026-11-29"]);
  });

  test("counts today as one of the days that are shown", () => {
    const justAfterMidnight = Date.parse("2026-12-01T00:00:01Z");
    expect(daysAgo(justAfterMidnight, 1)).toBe("2026-12-01");
    expect(daysAgo(justAfterMidnight, 7)).toBe("2026-11-25");
  });

  test("adds up what has one name, and changes no row", () => {
    const rows = [
      { model: "small", ...amounts },
      { model: "large", ...amounts },
      { model: "small", ...amounts },
    ];
    expect(groupUsage(rows, ({ model }) => model)).toEqual([
      { name: "small", calls: 2, llmRequests: 2, promptTokens: 20, completionTokens: 10, costNanoUsd: 14 },
      { name: "large", ...amounts },
    ]);
    expect(rows[0]).toEqual({ model: "small", ...amounts });
  });
});
