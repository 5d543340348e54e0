import { describe, expect, test } from "@jest/globals";
import type { Offer } from "./model-catalog.ts";
import { type Candidate, orderCandidates, type RouteHealth } from "./candidate-order.ts";

const candidate = (
  upstreamId: string,
  price: number,
  state: RouteHealth["state"] = "healthy",
  firstContentMs: number | null = null,
  native = true,
): Candidate<{ readonly offer: Offer }> => ({
  route: {
    offer: {
      upstreamId,
      native,
      model: {
        id: "m",
        family: "f",
        ownedBy: "o",
        created: 0,
        contextTokens: null,
        maxOutputTokens: null,
        price: { usual: { input: price, cachedInput: price, cacheWrite: price, output: 0 }, long: null },
      },
    },
  },
  health: { state, firstContentMs },
});
const ids = (candidates: Candidate<{ readonly offer: Offer }>[], turn = 0): string[] =>
  orderCandidates(candidates, turn).map(({ offer }) => offer.upstreamId);

describe("the order of upstreams", () => {
  test("is by price, then by latency", () => {
    expect(
      ids([candidate("dear", 2), candidate("slow", 1, "healthy", 900), candidate("fast", 1, "healthy", 100)]),
    ).toEqual(["fast", "slow", "dear"]);
  });

  test("who speaks the caller's dialect comes before who must be told in another, also when that one is cheaper", () => {
    const foreign = candidate("foreign", 1, "healthy", 10, false);
    expect(ids([foreign, candidate("native", 9, "healthy", 900)])).toEqual(["native", "foreign"]);
    expect([0, 1].map((turn) => ids([foreign, candidate("native", 1)], turn)[0])).toEqual(["native", "native"]);
  });

  test("equals take turns, and each is the other's fallback", () => {
    const pair = [candidate("a", 1, "healthy", 100), candidate("b", 1, "healthy", 110)];
    expect([0, 1, 2].map((turn) => ids(pair, turn))).toEqual([
      ["a", "b"],
      ["b", "a"],
      ["a", "b"],
    ]);
  });

  test("one that was not measured lately gets calls again", () => {
    expect(ids([candidate("a", 1, "healthy", 100), candidate("b", 1, "healthy", null)])[0]).toBe("b");
  });

  test("one that is ramping comes last, unless there is no other", () => {
    expect(ids([candidate("a", 2), candidate("b", 1, "ramping")])).toEqual(["a", "b"]);
    expect(ids([candidate("b", 1, "ramping")])).toEqual(["b"]);
  });

  test("resting ones are not tried, also when there is no other", () => {
    expect(ids([candidate("a", 1, "resting"), candidate("b", 2)])).toEqual(["b"]);
    expect(ids([candidate("a", 1, "resting")])).toEqual([]);
  });
});
