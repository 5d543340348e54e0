import { expect, test } from "@jest/globals";
import { newQuotaClock, resetTime, secondsToReset, setByAnswer, todayAt } from "./quota-clock.ts";

const lateEvening = Date.parse("2026-11-22T23:59:58.500Z");

test("the day changes at the database's midnight, whatever this machine's clock says", () => {
  const clock = newQuotaClock();
  expect(todayAt(clock, 5)).toBe("");
  setByAnswer(clock, lateEvening, 1000);
  expect([todayAt(clock, 1000), secondsToReset(clock, 1000), resetTime(clock)]).toEqual([
    "2026-11-22",
    2,
    "2026-11-23T00:00:00Z",
  ]);
  expect(todayAt(clock, 2499)).toBe("2026-11-22");
  expect(todayAt(clock, 2500)).toBe("2026-11-23");
  expect(secondsToReset(clock, 2500)).toBe(86_400);
});

test("a late answer from before midnight does not bring yesterday back", () => {
  const clock = newQuotaClock();
  setByAnswer(clock, lateEvening + 2000, 3000);
  setByAnswer(clock, lateEvening, 3001);
  expect(todayAt(clock, 3001)).toBe("2026-11-23");
});
