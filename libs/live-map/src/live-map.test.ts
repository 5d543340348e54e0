import { getHeapSpaceStatistics } from "node:v8";
import { describe, expect, test } from "@jest/globals";
import { LiveMap } from "./live-map.ts";

const some = (name: string) => ({ name });

describe("a live map", () => {
  test("finds what is in it by its number, and counts it once", () => {
    const map = new LiveMap<{ name: string }>();
    map.set(4_000_000_000, some("a"));
    map.set(1, some("b"));
    map.set(1, some("c"));
    expect(map.get(1)).toEqual(some("c"));
    expect(map.get(4_000_000_000)).toEqual(some("a"));
    expect(map.get(2)).toBeUndefined();
    expect(map.size).toBe(2);
  });

  test("deletes once, and says whether there was anything", () => {
    const map = new LiveMap<{ name: string }>();
    map.set(7, some("a"));
    expect([map.delete(7), map.delete(7), map.delete(8)]).toEqual([true, false, false]);
    expect([map.size, map.get(7)]).toEqual([0, undefined]);
  });

  test("lists by number, without what is deleted meanwhile and what is added meanwhile", () => {
    const map = new LiveMap<{ name: string }>();
    for (const [number, name] of [
      [3, "c"],
      [1, "a"],
      [2, "b"],
    ] as const)
      map.set(number, some(name));
    const seen: string[] = [];
    for (const { name } of map.values()) {
      seen.push(name);
      map.delete(2);
      map.set(4, some("d"));
    }
    expect(seen).toEqual(["a", "c"]);
    expect([...map.values()]).toEqual([some("a"), some("c"), some("d")]);
  });

  test("keeps nothing of what was deleted from a minor collection", () => {
    const oldBytes = (): number =>
      getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
    const words = Array.from({ length: 512 }, (_, index) => index);
    const bytes = words.length * 8;
    const calls = 15_000;
    const inFlight = 3;
    const map = new LiveMap<{ words: number[] }>();
    const call = (number: number): void => {
      map.set(number, { words: words.slice() });
      map.delete(number - inFlight);
    };
    for (let number = 1; number <= inFlight; number += 1) call(number);
    // Garbage, until its table is in the old generation.
    let kept = 0;
    for (let round = 0; round < calls; round += 1) kept += words.slice().length;
    // A collection at an unlucky moment moves a whole semi-space into the old generation, or empties that: most rounds tell.
    const grown: number[] = [];
    let number = inFlight;
    for (let round = 0; round < 5; round += 1) {
      const before = oldBytes();
      for (const last = number + calls; number < last;) call((number += 1));
      grown.push(oldBytes() - before);
    }
    expect(kept).toBe(calls * words.length);
    // With a `Map` it is 8 to 24 MB.
    expect(grown.toSorted((a, b) => a - b)[2]).toBeLessThan((calls * bytes) / 20);
  });
});
