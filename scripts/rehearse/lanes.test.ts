import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { runLanes } from "./lanes.ts";

test("each task runs once, after those before it in its lane have ended, and never more lanes at once than allowed", async () => {
  const schedules = fc.record({
    sizes: fc.array(fc.nat({ max: 5 }), { maxLength: 6 }),
    atOnce: fc.integer({ min: 1, max: 4 }),
    turns: fc.infiniteStream(fc.nat({ max: 4 })),
  });
  await fc.assert(
    fc.asyncProperty(schedules, async ({ sizes, atOnce, turns }) => {
      const lanes = sizes.map((size, lane) => Array.from({ length: size }, (_, place) => ({ lane, place })));
      const ended = sizes.map(() => 0);
      const running = new Set<number>();
      await runLanes(lanes, atOnce, async ({ lane, place }) => {
        expect([place, running.has(lane)]).toEqual([ended[lane], false]);
        running.add(lane);
        expect(running.size).toBeLessThanOrEqual(atOnce);
        for (let turn = turns.next().value; turn > 0; turn -= 1) await Promise.resolve();
        running.delete(lane);
        ended[lane] = place + 1;
      });
      expect(ended).toEqual(sizes);
    }),
  );
});

test("the longest lane is begun first, and others fill the time beside it", async () => {
  const begun: string[] = [];
  await runLanes([["a1"], ["b1", "b2", "b3"], ["c1", "c2"]], 2, async (task) => {
    begun.push(task);
    await Promise.resolve();
  });
  expect(begun.slice(0, 2)).toEqual(["b1", "c1"]);
  expect(begun.toSorted()).toEqual(["a1", "b1", "b2", "b3", "c1", "c2"]);
});
