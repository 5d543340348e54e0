import { describe, expect, test } from "@jest/globals";
import type { Offer } from "./model-catalog.ts";
import { type Candidate, orderCandidates, type RouteHealth } from "./candidate-order.ts";

const candidate = (
  upstreamId: string,
  price: number,
  state: RouteHealth["state"] = "healthy",
  firstContentMs: number | null = null,
  native = true,
  { rank = 0, weight = null }: { rank?: number; weight?: number | null } = {},
): Candidate<{ readonly offer: Offer }> => ({
  route: {
    offer: {
      upstreamId,
      native,
      rank,
      weight,
      model: {
        id: "m",
        family: "f",
        ownedBy: "o",
        created: 0,
        contextTokens: null,
        maxOutputTokens: null,
        price: {
          usual: { input: price, cachedInput: price, cacheWrite: price, hourCacheWrite: price, output: 0 },
          long: null,
        },
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

  test("models of an alias are tried in its order, whatever they cost and who speaks the dialect", () => {
    const second = candidate("second", 1, "healthy", 10, true, { rank: 1 });
    expect(ids([second, candidate("first", 9, "healthy", 900, false)])).toEqual(["first", "second"]);
  });

  test("an operator's weights share the calls, whatever price and latency say; none is a fallback alone", () => {
    const weighted = (id: string, weight: number) => candidate(id, weight, "healthy", 100 * weight, true, { weight });
    const pool = [candidate("unweighted", 0), weighted("often", 3), weighted("seldom", 1), weighted("never", 0)];
    const orders = Array.from({ length: 8 }, (_, turn) => ids(pool, turn));
    const first = orders.map(([one]) => one);
    expect(["often", "seldom", "never", "unweighted"].map((id) => first.filter((one) => one === id).length)).toEqual([
      6, 2, 0, 0,
    ]);
    for (const order of orders) expect(order.toSorted()).toEqual(["never", "often", "seldom", "unweighted"]);
    expect(ids([weighted("never", 0), candidate("unweighted", 5)])).toEqual(["never", "unweighted"]);
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
