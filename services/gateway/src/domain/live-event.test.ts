import { describe, expect, test } from "@jest/globals";
import {
  bucketOwnersOf,
  mergeUsage,
  seesCredential,
  seesKey,
  seesMember,
  usageEvent,
  type Viewer,
} from "./live-event.ts";

const viewer = (member: Viewer["member"]): Viewer => ({ userId: "ann", orgId: "acme", member, operator: false });
const admin = viewer({ role: "admin", active: true });
const member = viewer({ role: "member", active: true });
const seatless = viewer({ role: "admin", active: false });
const payer = viewer({ role: "billing", active: false });

describe("what a person is told of an org", () => {
  test("of others' keys and the org's credentials only what those who run it may list", () => {
    const pool = { tenant: "org:acme" };
    expect([admin, member, seatless, payer].map((who) => seesKey(who, { userId: "bob" }))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([admin, member, seatless, payer].map((who) => seesCredential(who, pool))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([member, payer].map((who) => seesKey(who, { userId: "ann" }))).toEqual([true, true]);
    expect(seesCredential(member, { tenant: "user:ann" })).toBe(true);
  });

  test("of other members only with a seat, and always of oneself", () => {
    expect([admin, member, seatless, payer].map((who) => seesMember(who, { userId: "bob" }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([seatless, payer].map((who) => seesMember(who, { userId: "ann" }))).toEqual([true, true]);
  });

  test("the figures of their own account, their seat and the pool, and of no other member", () => {
    expect(bucketOwnersOf({ ...member, orgId: null, member: null })).toEqual(["user:ann"]);
    expect(bucketOwnersOf(member)).toEqual(["user:ann", "seat:acme:ann", "org:acme"]);
    expect(bucketOwnersOf(payer)).toEqual(["user:ann", "org:acme"]);
  });

  test("all figures when several are told at once: the newest of each meter, and every call", () => {
    const meter = (name: "api_calls" | "llm_requests", used: number) => ({ meter: name, used, limit: 9 });
    const told = (meters: ReturnType<typeof meter>[], calls: number, day = "2026-11-26") => ({
      owner: "user:a",
      day,
      meters,
      calls,
    });
    const both = told([meter("api_calls", 1), meter("llm_requests", 1)], 2);
    expect(mergeUsage(both, told([meter("api_calls", 2)], 1))).toEqual(
      told([meter("llm_requests", 1), meter("api_calls", 2)], 3),
    );
    expect(mergeUsage(both, told([], 1))).toEqual({ ...both, calls: 3 });
    const tomorrow = told([meter("api_calls", 0)], 0, "2026-11-27");
    expect(mergeUsage(both, tomorrow)).toEqual({ ...tomorrow, calls: 2 });
    expect(mergeUsage(tomorrow, both)).toEqual({ ...tomorrow, calls: 2 });
  });

  test("a lowered limit leaves nothing, not less than that", () => {
    const counted = { owner: "seat:acme:ann", day: "2026-11-26", calls: 0 };
    const meters = [{ meter: "api_calls" as const, used: 9, limit: 5 }];
    expect(usageEvent({ ...counted, meters }).data).toMatchObject({
      orgId: "acme",
      source: "personal",
      meters: [{ remaining: 0 }],
    });
  });
});
