import { expect, test } from "@jest/globals";
import { isServedDay } from "./utc-day.ts";

const today = "2026-12-31";
const at = (time: string) => ({ today, nowMs: Date.parse(`${today}T${time}Z`) });

test("leases are made of today, and of tomorrow in the two minutes before it begins", () => {
  expect(isServedDay(today, at("00:00:00"))).toBe(true);
  expect(isServedDay("2027-01-01", at("23:58:00"))).toBe(true);
  expect(isServedDay("2027-01-01", at("23:57:59"))).toBe(false);
});

test("and of no other day, whatever is asked for", () => {
  for (const day of ["2026-12-30", "2027-01-02", "2028-01-01", "2026-02-31"])
    expect(isServedDay(day, at("23:59:59"))).toBe(false);
});
