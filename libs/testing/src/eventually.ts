import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** 5000 when absent. */
  readonly timeoutMs?: number;
  /** 20 when absent. */
  readonly intervalMs?: number;
}

/** Calls `check` until it stops throwing, and returns its result; at the deadline throws what it threw last. */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 5_000);
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(options.intervalMs ?? 20);
    }
  }
}
