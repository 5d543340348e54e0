import { describe, expect, test } from "@jest/globals";
import { type Candidate, orderCandidates, type UpstreamHealth } from "./candidate-order.ts";

const candidate = (
  upstreamId: string,
  price: number,
  state: UpstreamHealth["state"] = "healthy",
  firstContentMs: number | null = null,
): Candidate => ({
  offer: {
    upstreamId,
    model: {
      id: "m",
      family: "f",
      ownedBy: "o",
      created: 0,
      promptNanoUsdPerToken: price,
      completionNanoUsdPerToken: 0,
    },
  },
  health: { state, firstContentMs },
});
const ids = (candidates: Candidate[], turn = 0): string[] =>
  orderCandidates(candidates, turn).map(({ upstreamId }) => upstreamId);

describe("the order of upstreams", () => {
  test("is by price, then by latency", () => {
    expect(
      ids([candidate("dear", 2), candidate("slow", 1, "healthy", 900), candidate("fast", 1, "healthy", 100)]),
    ).toEqual(["fast", "slow", "dear"]);
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

  test("one that awaits its trial goes first, with the healthy ones after it", () => {
    expect(ids([candidate("a", 1), candidate("b", 1, "trial")])).toEqual(["b", "a"]);
  });

  test("resting ones are not tried, also when there is no other", () => {
    expect(ids([candidate("a", 1, "resting"), candidate("b", 2)])).toEqual(["b"]);
    expect(ids([candidate("a", 1, "resting")])).toEqual([]);
  });
});
