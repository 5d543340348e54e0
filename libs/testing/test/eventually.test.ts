import { expect, test } from "@jest/globals";
import { eventually } from "../src/eventually.ts";

test("eventually returns the first result, or throws the last error at its deadline", async () => {
  let calls = 0;
  const third = (): number => {
    calls += 1;
    if (calls < 3) throw new Error("not yet");
    return calls;
  };
  expect(await eventually(third, { intervalMs: 1 })).toBe(3);
  const never = eventually(() => Promise.reject(new Error("never")), { timeoutMs: 20, intervalMs: 5 });
  await expect(never).rejects.toThrow("never");
});
