import { expect, test } from "@jest/globals";
import { createFreeCalls } from "./free-calls.ts";

test("in no minute a key makes more free calls than twice its allowance, and after a wait as stated it may go on", () => {
  const perMinute = 6;
  let nowMs = 0;
  const calls = createFreeCalls({ perMinute, maxKeys: 10, monotonicMs: () => nowMs });
  const allowedMs: number[] = [];
  for (let n = 0; n < 400; n += 1) {
    nowMs += (n * 7_919) % 20_011;
    const { isAllowed, waitSeconds } = calls.take("key_1");
    if (!isAllowed) {
      nowMs += waitSeconds * 1_000;
      expect(calls.take("key_1").isAllowed).toBe(true);
    }
    allowedMs.push(nowMs);
    if (n % 20 === 0) for (let more = 0; more < 9; more += 1) if (calls.take("key_1").isAllowed) allowedMs.push(nowMs);
  }
  for (const fromMs of allowedMs) {
    const within = allowedMs.filter((ms) => ms >= fromMs && ms < fromMs + 60_000);
    expect(within.length).toBeLessThanOrEqual(2 * perMinute);
  }
});

test("keys do not wait for one another", () => {
  const calls = createFreeCalls({ perMinute: 1, maxKeys: 10, monotonicMs: () => 0 });
  expect(["a", "a", "b"].map((key) => calls.take(key).isAllowed)).toEqual([true, false, true]);
});
