import type { Meter } from "@topdog/contracts/quota";
import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { noteToldStore, pageOfExhausted, publishExhausted, toldStore } from "../store/announcements.ts";
import { readClock } from "../store/buckets.ts";
import type { MemberDay } from "../store/usage-sums.ts";
import { tellUsagePage } from "./keep-usage.ts";

/** Where a walk over all of something goes on. */
interface Walk<Key> {
  after: Key;
  isOver: boolean;
}

type ExhaustedKey = Parameters<typeof pageOfExhausted>[1];

const pageRows = 500;
const beforeAll = { owner: "", meter: "" as Meter };
const dayMs = 86_400_000;

/** Says which buckets are exhausted today. */
async function tellExhausted(db: Database, walk: Walk<ExhaustedKey>): Promise<void> {
  const page = await inTransaction(db, async (trx) => {
    const exhausted = await pageOfExhausted(trx, walk.after, pageRows);
    await publishExhausted(trx, exhausted);
    return exhausted;
  });
  walk.after = page.at(-1) ?? walk.after;
  walk.isOver = page.length < pageRows;
}

/** Says what members used today and yesterday. */
async function tellMembers(db: Database, walk: Walk<MemberDay | null>): Promise<void> {
  const { today } = await readClock(db);
  const yesterday = new Date(Date.parse(today) - dayMs).toISOString().slice(0, 10);
  const { after } = await tellUsagePage(db, { from: yesterday, to: today }, walk.after);
  walk.after = after;
  walk.isOver = after === null;
}

/**
 * Tells a store of the bus that is new what holds here: the one before was lost, and with it what was published. Whoever hears a fact
 * twice learns nothing. A run that is cut goes on where it was; another replica begins again.
 */
export function createStoreTeller(
  db: Database,
  storeCreated: () => Promise<string>,
): { run(signal: AbortSignal): Promise<void> } {
  const begin = (created: string) => ({
    created,
    exhausted: { after: beforeAll, isOver: false },
    members: { after: null, isOver: false },
  });
  let telling = begin("");
  return {
    run: async (signal) => {
      const created = await storeCreated();
      if ((await toldStore(db)) === created) return;
      if (telling.created !== created) telling = begin(created);
      while (!telling.exhausted.isOver && !signal.aborted) await tellExhausted(db, telling.exhausted);
      while (!telling.members.isOver && !signal.aborted) await tellMembers(db, telling.members);
      if (signal.aborted) return;
      await noteToldStore(db, created);
      telling = begin("");
    },
  };
}
