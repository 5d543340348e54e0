import type { QuotaOnPostgres } from "./platform.ts";
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
  /** The replica notices that the database's server was started. */
  restartDatabase(): void;
}

const confirmEveryMs = 1_000;

/** Of a fresh replica. The database's clock is moved with it, so that no test waits. */
export async function createPassingTime({ owner, deps }: QuotaOnPostgres): Promise<PassingTime> {
  const { serverStarted } = await deps.store.readClock();
  let passedMs = 0;
  let aheadMs = 0;
  const listening = createListening(() => performance.now() + passedMs);
  async function setDatabase(): Promise<void> {
    await owner.raw(
      `create or replace function utc_now() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${Math.round(passedMs + aheadMs)} milliseconds' $$`,
    );
  }
  const confirm = (): boolean => listening.confirmed({ nowMs: Date.now() + passedMs + aheadMs, serverStarted });
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
    restartDatabase: () => {
      listening.confirmed({ nowMs: Date.now() + passedMs + aheadMs, serverStarted: "another start" });
      confirm();
    },
    moveDatabase: async (ms) => {
      aheadMs += ms;
      await setDatabase();
    },
  };
}
