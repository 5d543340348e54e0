import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** 30,000 when absent: a busy machine makes a test slow, and must not make it fail. */
  readonly timeoutMs?: number;
  /** 20 when absent. */
  readonly intervalMs?: number;
}

/** Calls `check` until it stops throwing, and returns its result; at the deadline throws what it threw last. */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 30_000);
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(options.intervalMs ?? 20);
    }
  }
}
