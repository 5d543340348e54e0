import { expect, test } from "@jest/globals";
import {
  type AnswerTimes,
  newQuotaClock,
  nextDayWithin,
  resetTime,
  secondsToReset,
  setByAnswer,
  todayAt,
} from "./quota-clock.ts";

const at = (ms: number): AnswerTimes => ({ askedMs: ms, answeredMs: ms });
const lateEvening = Date.parse("2026-11-22T23:59:58.500Z");

test("the day changes at the database's midnight, whatever this machine's clock says", () => {
  const clock = newQuotaClock();
  expect(todayAt(clock, 5)).toBe("");
  setByAnswer(clock, lateEvening, at(1000));
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
  setByAnswer(clock, lateEvening + 2000, at(3000));
  setByAnswer(clock, lateEvening - 3_600_000, { askedMs: 2999, answeredMs: 3001 });
  expect(todayAt(clock, 3001)).toBe("2026-11-23");
});

test("an answer that was on its way over midnight does not bring yesterday back either", () => {
  const clock = newQuotaClock();
  setByAnswer(clock, lateEvening, at(1000));
  expect(todayAt(clock, 2600)).toBe("2026-11-23");
  setByAnswer(clock, lateEvening + 1_400, at(2700));
  expect(todayAt(clock, 2700)).toBe("2026-11-23");
});

test("a database clock that was a day ahead for a while is followed there and back", () => {
  const clock = newQuotaClock();
  setByAnswer(clock, lateEvening - 3_600_000, at(1000));
  setByAnswer(clock, lateEvening - 3_600_000 + 86_400_000, at(2000));
  expect(todayAt(clock, 2000)).toBe("2026-11-23");
  setByAnswer(clock, lateEvening - 3_600_000 + 3_000, at(4000));
  expect([todayAt(clock, 4000), resetTime(clock)]).toEqual(["2026-11-22", "2026-11-23T00:00:00Z"]);
});

test("the next day is known by its name only within the time before it that is asked about", () => {
  const clock = newQuotaClock();
  expect(nextDayWithin(clock, 0, 60_000)).toBeNull();
  setByAnswer(clock, lateEvening, at(1_000));
  expect([1_000, 1_499, 1_500, 2_499, 2_500].map((nowMs) => nextDayWithin(clock, nowMs, 1_000))).toEqual([
    null,
    null,
    "2026-11-23",
    "2026-11-23",
    null,
  ]);
});
