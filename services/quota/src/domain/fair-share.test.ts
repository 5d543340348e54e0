import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { availableTo, isActive, keptFor, shareFor, sharesOf } from "./fair-share.ts";

const someDraws = fc.dictionary(fc.constantFrom("ann", "bob", "cem", "dan", "eve"), fc.nat({ max: 300 }), {
  minKeys: 1,
});
const scene = fc.record({ limit: fc.nat({ max: 1_000 }), free: fc.nat({ max: 1_000 }), draws: someDraws });

describe("the shares of a contested bucket", () => {
  test("are half of it at most, the same for each member who is active", () => {
    expect(sharesOf(400, new Map([["ann", 0]])).size).toBe(200);
    const three = new Map([
      ["ann", 100],
      ["bob", 10],
      ["cem", 66],
    ]);
    const shares = sharesOf(400, three);
    expect(shares.size).toBe(66);
    // Of 90 free, 56 are bob's: ann is above her share, and gets the rest.
    expect([availableTo(shares, "ann", 90), availableTo(shares, "bob", 90), availableTo(shares, "cem", 90)]).toEqual([
      34, 90, 34,
    ]);
    // Of 40 free nothing is left for who has drawn their share.
    expect([availableTo(shares, "ann", 40), availableTo(shares, "bob", 40)]).toEqual([0, 40]);
    expect(sharesOf(5, three).size).toBe(0);
  });

  test("whoever is below theirs may have any free token up to it; beyond it nobody is given what is kept for others", () => {
    fc.assert(
      fc.property(scene, ({ limit, free, draws }) => {
        const shares = sharesOf(limit, new Map(Object.entries(draws)));
        for (const [member, drawn] of shares.drawn) {
          const available = availableTo(shares, member, free);
          const ofShare = Math.min(free, Math.max(0, shares.size - drawn));
          expect(available).toBeGreaterThanOrEqual(ofShare);
          expect(available).toBeLessThanOrEqual(free);
          if (available > ofShare) expect(free - available).toBe(keptFor(shares, member, free));
          expect(keptFor(shares, member, 1_000_000)).toBeLessThanOrEqual(limit / 2);
        }
      }),
    );
  });

  test("are shown to a member who has not asked as they would be if they did", () => {
    const draws = [{ member: "ann", drawn: 390, askedMs: 0 }];
    const nowMs = 60_000;
    expect(shareFor("bob", draws, { limit: 400, free: 10, nowMs })).toEqual({
      size: 100,
      drawn: 0,
      kept: 0,
      members: 2,
    });
    expect(shareFor("ann", draws, { limit: 400, free: 10, nowMs })).toEqual({
      size: 200,
      drawn: 390,
      kept: 0,
      members: 1,
    });
  });
});

describe("a share is kept", () => {
  const at = (time: string): number => Date.parse(`2026-11-22T${time}Z`);

  test("for an hour after its member asked", () => {
    expect(isActive({ askedMs: at("10:00:00") }, at("11:00:00"))).toBe(true);
    expect(isActive({ askedMs: at("10:00:00") }, at("11:00:01"))).toBe(false);
  });

  test("in the day's last hour for as long as the day has left: at its end nothing is kept for who has gone", () => {
    expect(isActive({ askedMs: at("23:30:00") }, at("23:44:00"))).toBe(true);
    expect(isActive({ askedMs: at("23:30:00") }, at("23:46:00"))).toBe(false);
    expect(isActive({ askedMs: at("23:59:57") }, at("23:59:59"))).toBe(false);
  });
});
