import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@topdog/messaging/connect";
import type { Database } from "@topdog/postgres/pool";

export interface OnThisMachine<T> {
  readonly result: T;
  /** The longest of the round trips that were made the whole time. */
  readonly slowestMs: number;
}

/**
 * Does `work`, and meanwhile asks its engines for nothing, again and again: however long that takes, the machine holds up everything that long. A time
 * that is promised is promised of a machine that serves, so a test of it allows for what this one is busy with.
 */
export async function onThisMachine<T>(
  { bus, db }: { readonly bus: Bus; readonly db?: Database },
  work: () => Promise<T>,
): Promise<OnThisMachine<T>> {
  const over = new AbortController();
  const asking = (async () => {
    let slowestMs = 0;
    while (!over.signal.aborted) {
      const beganMs = performance.now();
      await sleep(1);
      await db?.raw("select 1");
      await bus.nc.flush();
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
    }
    return slowestMs;
  })();
  try {
    const result = await work();
    over.abort();
    return { result, slowestMs: await asking };
  } finally {
    over.abort();
  }
}
