import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { history, type History } from "../support/history.ts";
import { type OpenQuota, play } from "../support/play.ts";
import {
  type QuotaDatabase,
  quotaInMemory,
  quotaOnPostgres,
  type QuotaState,
  type QuotaUnderTest,
} from "../support/quota-under-test.ts";

const histories = 2;

let database: QuotaDatabase;
beforeAll(async () => {
  database = await quotaOnPostgres();
});
afterAll(() => database.drop());

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
const sorted = (state: QuotaState): object => ({
  buckets: state.buckets.toSorted(byText),
  leases: state.leases.toSorted((a, b) => Number(a.leaseId) - Number(b.leaseId)),
  charges: state.charges.toSorted(),
  refunds: state.refunds.toSorted(),
});

/** Everything that quota answered, and its tables whenever they were looked at. */
async function traceOf(open: OpenQuota, one: History): Promise<unknown[]> {
  const trace: unknown[] = [];
  const traced: OpenQuota = async (nowMs, recall) => {
    const quota = await open(nowMs, (signal) => {
      trace.push(signal);
      recall(signal);
    });
    const answers: Pick<QuotaUnderTest, "sync" | "state"> = {
      sync: async (request) => {
        const reply = await quota.sync(request);
        trace.push(request, reply);
        return reply;
      },
      state: async () => {
        const state = await quota.state();
        trace.push(sorted(state));
        return state;
      },
    };
    return { ...quota, ...answers };
  };
  await play(traced, one);
  return trace;
}

test("the store in memory answers whatever Postgres answers, and ends with the same rows", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (one) => {
      expect(await traceOf(quotaInMemory, one)).toEqual(await traceOf(database.begin, one));
    }),
    { numRuns: histories, endOnFailure: true },
  );
}, 600_000);
