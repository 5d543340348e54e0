import type { TestDatabase } from "@topdog/testing/postgres";
import { createListening, type Listening } from "../src/usecases/listening.ts";

/** A replica's own clock and its database's clock. */
export interface PassingTime {
  readonly listening: Listening;
  /** Both go on, and the replica confirms each second that it listens. */
  pass(ms: number): Promise<void>;
  /** Both go on, and the replica stands still. */
  standStill(ms: number): Promise<void>;
  /** The database's alone is moved. */
  moveDatabase(ms: number): Promise<void>;
}

const confirmEveryMs = 1_000;

/** Of a fresh replica. The database's clock is moved with it, so that no test waits. */
export function createPassingTime({ owner }: Pick<TestDatabase, "owner">): PassingTime {
  let passedMs = 0;
  let aheadMs = 0;
  const listening = createListening(() => performance.now() + passedMs);
  async function setDatabase(): Promise<void> {
    await owner.raw(
      `create or replace function utc_now() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${Math.round(passedMs + aheadMs)} milliseconds' $$`,
    );
  }
  const confirm = (): boolean => listening.confirmed(Date.now() + passedMs + aheadMs);
  confirm();
  return {
    listening,
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= confirmEveryMs) {
        passedMs += Math.min(left, confirmEveryMs);
        confirm();
      }
      await setDatabase();
    },
    standStill: async (ms) => {
      passedMs += ms;
      await setDatabase();
    },
    moveDatabase: async (ms) => {
      aheadMs += ms;
      await setDatabase();
    },
  };
}
