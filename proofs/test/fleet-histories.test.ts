import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { history } from "../support/history.ts";
import { play } from "../support/play.ts";
import { type QuotaDatabase, quotaInMemory, quotaOnPostgres } from "../support/quota-under-test.ts";

/** About 20 a second in memory and one a second on Postgres: raise it when the protocol is changed. */
const histories = Number(process.env["PROOF_HISTORIES"] ?? 40);
const historiesOnPostgres = Math.ceil(histories / 20);

describe("no history of a fleet oversells a day, charges a token twice, brings a lease back or loses a token", () => {
  test("in memory", async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(history, async (one) => {
        for (const [outcome, count] of await play(quotaInMemory, one)) {
          seen.set(outcome, (seen.get(outcome) ?? 0) + count);
        }
      }),
      { numRuns: histories },
    );
    // Histories in which nothing is admitted, spent or out of reach would prove nothing.
    for (const outcome of ["admitted", "exhausted", "unavailable"])
      expect(seen.get(outcome)).toBeGreaterThan(histories);
  }, 600_000);

  describe("with quota's statements on Postgres", () => {
    let database: QuotaDatabase;
    beforeAll(async () => {
      database = await quotaOnPostgres();
    });
    afterAll(() => database.drop());

    test("and neither an invariant of the database", async () => {
      const onPostgres = fc.asyncProperty(history, async (one) => {
        await play(database.begin, one);
      });
      await fc.assert(onPostgres, { numRuns: historiesOnPostgres, endOnFailure: true });
    }, 600_000);
  });
});
