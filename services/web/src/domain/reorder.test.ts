import { describe, expect, test } from "@jest/globals";
import { reorder } from "./reorder.ts";

const list = (...orders: number[]) => orders.map((order, index) => ({ id: `c${index + 1}`, order }));

/** What the list is after the changes, in its new order. */
function after(before: readonly { id: string; order: number }[], id: string, by: -1 | 1): string[] {
  const changes = new Map(reorder(before, id, by).map((one) => [one.id, one.order]));
  return before
    .map((one) => ({ ...one, order: changes.get(one.id) ?? one.order }))
    .toSorted((a, b) => a.order - b.order)
    .map((one) => one.id);
}

describe("the order of provider keys", () => {
  test("changes by one place, also where all had the same order", () => {
    expect(after(list(1, 1, 1), "c3", -1)).toEqual(["c1", "c3", "c2"]);
    expect(after(list(1, 2, 3), "c1", 1)).toEqual(["c2", "c1", "c3"]);
  });

  test("is left alone at its ends, and by an id that is not in it", () => {
    expect(reorder(list(1, 2), "c1", -1)).toEqual([]);
    expect(reorder(list(1, 2), "c2", 1)).toEqual([]);
    expect(reorder(list(1, 2), "other", 1)).toEqual([]);
  });

  test("changes two when the others are spaced already", () => {
    expect(reorder(list(10, 20, 30), "c2", 1)).toEqual([
      { id: "c3", order: 20 },
      { id: "c2", order: 30 },
    ]);
  });
});
