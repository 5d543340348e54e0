import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { historyOf } from "../simulation/history.ts";
import { play } from "../simulation/play.ts";
import { search } from "../simulation/search.ts";
import { stageInMemory } from "../simulation/stage.ts";
import { stageOnPostgres } from "../simulation/stage-on-postgres.ts";
import { found } from "../simulation/found.ts";

const histories = 500;
/** Of so many histories each: a failure of one leaves the others to be played. */
const firstSeeds = [501, 1_001, 1_501, 2_001];
const historiesOnPostgres = 4;

describe("no history of a fleet oversells a day, charges a token twice, loses a call, or runs more at once than a plan has", () => {
  const stage = stageInMemory();

  test.each(firstSeeds)("in memory, checked at every commit and every call, from seed %i on", async (firstSeed) => {
    const { failure, ends } = await search(stage, { firstSeed, histories });
    expect(failure).toBeNull();
    // Histories in which nothing is admitted, spent or out of reach would prove nothing.
    for (const end of ["admitted", "exhausted", "ceiling_reached", "unavailable", "over", "no permit"])
      expect(ends.get(end)).toBeGreaterThan(histories / 20);
  });

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
