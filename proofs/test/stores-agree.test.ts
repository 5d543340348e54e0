import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { historyOf } from "../simulation/history.ts";
import { play } from "../simulation/play.ts";
import { stageInMemory } from "../simulation/stage.ts";
import { stageOnPostgres } from "../simulation/stage-on-postgres.ts";
import type { OpenedTables, Stage } from "../simulation/world.ts";
import type { MemoryTables, PermitRecord } from "../support/memory-tables.ts";

/** 17 and 48 see a contested bucket and a midnight, 27 and 99 a restore of which gateways told what was lost. */
const seeds = [17, 27, 48, 99];

let onPostgres: Awaited<ReturnType<typeof stageOnPostgres>>;
beforeAll(async () => {
  onPostgres = await stageOnPostgres();
});
afterAll(() => onPostgres.drop());

const sorted = <T>(rows: Iterable<[string, T]>): [string, T][] => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Each counts its starts from 1. */
const withNumber = ([gatewayId, { serverStarted, ...permit }]: [string, PermitRecord]): unknown => [
  gatewayId,
  { ...permit, serverStarted: Number(serverStarted) },
];

const rowsOf = ({ buckets, draws, leases, ledger, permits }: MemoryTables): unknown => ({
  buckets: sorted(buckets),
  draws: sorted(draws).map(([bucket, ofMembers]) => [bucket, sorted(ofMembers)]),
  leases: sorted(leases),
  ledger: sorted(ledger),
  permits: sorted(permits).map(([owner, held]) => [owner, sorted(held).map(withNumber)]),
});

/** Everything that quota answered, and its tables at the end. */
async function traceOf(stage: Stage, seed: number): Promise<unknown[]> {
  const trace: unknown[] = [];
  let opened: OpenedTables | undefined;
  const traced: Stage = {
    ...stage,
    open: async (...given) => (opened = await stage.open(...given)),
    // When a server was started, each says as it may.
    onAnswer: (answer) => void trace.push({ ...(answer as object), history: null }),
  };
  const { failure } = await play(traced, historyOf(seed));
  if (opened === undefined) throw new Error("nothing was opened");
  await opened.refresh();
  return [...trace, failure, rowsOf(opened.tables)];
}

test.each(seeds)(
  "the store in memory answers whatever Postgres answers, and ends with the same rows: seed %i",
  async (seed) => {
    expect(await traceOf(stageInMemory(), seed)).toEqual(await traceOf(onPostgres.stage, seed));
  },
);
