import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { seed } from "@topdog/testing/seed";
import { historyOf } from "../simulation/history.ts";
import { play } from "../simulation/play.ts";
import { search } from "../simulation/search.ts";
import { stageInMemory } from "../simulation/stage.ts";
import { stageOnPostgres } from "../simulation/stage-on-postgres.ts";
import { found } from "../simulation/found.ts";

/** Each night plays more. */
const histories = Number(process.env["FLEET_HISTORIES"] ?? 1_000);
/** Of so many histories each: a failure of one leaves the other to be played. */
const firstSeeds = Array.from({ length: 2 }, (_, index) => seed + 500 + index * histories);
/** Far more than a history takes on a busy machine, and no less than any other test has. */
const timeoutMs = Math.max(120_000, histories * 400);
/** Histories in which nothing is admitted, spent or out of reach would prove nothing: how many calls of a history end so, at least. */
const leastEnds = { admitted: 20, exhausted: 2, over: 2, "no permit": 2, unavailable: 0.2, ceiling_reached: 0.02 };
const historiesOnPostgres = 4;

describe("no history of a fleet oversells a day, charges a token twice, loses a call, or runs more at once than a plan has", () => {
  const stage = stageInMemory();

  test.each(firstSeeds)(
    "in memory, checked at every commit and every call, from seed %i on",
    async (firstSeed) => {
      const { failure, ends } = await search(stage, { firstSeed, histories });
      expect(failure).toBeNull();
      for (const [end, least] of Object.entries(leastEnds)) expect(ends.get(end)).toBeGreaterThan(least * histories);
    },
    timeoutMs,
  );

  test.each(Object.entries(found))("nor the one in which %s", async (_what, history) => {
    expect((await play(stage, history)).failure).toBeNull();
  });

  test("the same seed is the same history to the last call", async () => {
    const [first, second] = [await play(stage, historyOf(77)), await play(stage, historyOf(77))];
    expect([...first.ends]).toEqual([...second.ends]);
  });

  describe("with quota's statements on Postgres", () => {
    let onPostgres: Awaited<ReturnType<typeof stageOnPostgres>>;
    beforeAll(async () => {
      onPostgres = await stageOnPostgres();
    });
    afterAll(() => onPostgres.drop());

    test("and neither an invariant of the database", async () => {
      const { failure } = await search(onPostgres.stage, { firstSeed: 1, histories: historiesOnPostgres });
      expect(failure).toBeNull();
    });
  });
});
