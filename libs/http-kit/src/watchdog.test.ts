import { afterEach, expect, test } from "@jest/globals";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

let watchdog: Watchdog | undefined;
afterEach(() => watchdog?.stop());
const monotonicMs = (): number => performance.now();

test("tells of a deadline that passes, however often it slept before", async () => {
  const dog = (watchdog = createWatchdog(monotonicMs));
  for (let round = 0; round < 3; round += 1) {
    await new Promise<void>((resolve) => {
      const one = {
        dueAtMs: monotonicMs() + 1,
        watched: 0,
        onDue: () => {
          dog.forget(one);
          resolve();
        },
      };
      dog.watch(one);
    });
  }
});

test("asks again until what is due is forgotten, and leaves alone what was forgotten before", async () => {
  const dog = (watchdog = createWatchdog(monotonicMs));
  let forgottenWasTold = false;
  const forgotten = { dueAtMs: 0, watched: 0, onDue: () => (forgottenWasTold = true) };
  dog.watch(forgotten);
  dog.forget(forgotten);
  let told = 0;
  await new Promise<void>((resolve) => {
    dog.watch({
      dueAtMs: 0,
      watched: 0,
      onDue: () => {
        told += 1;
        if (told === 2) resolve();
      },
    });
  });
  expect(forgottenWasTold).toBe(false);
});
