import { describe, expect, test } from "@jest/globals";
import { type Bucket, freeTokens, moveTokens } from "./bucket.ts";

const bucket: Bucket = {
  owner: "user:a",
  meter: "api_calls",
  day: "2026-11-22",
  plan: "free",
  limit: 75,
  refunded: 0,
  ceilingVersion: null,
  settled: 70,
  escrow: 5,
  toldExhausted: false,
  exhaustedPublished: false,
};
const nothing = { settled: 0, escrow: 0, tellsExhausted: false };

describe("a bucket", () => {
  test("whose limit was lowered has 0 free tokens, never fewer", () => {
    expect(freeTokens({ ...bucket, limit: 40 })).toBe(0);
  });

  test("is spent once, when its last token is settled", () => {
    const { bucket: spent, ...first } = moveTokens(bucket, { ...nothing, settled: 5, escrow: -5 });
    expect(first).toEqual({ spent: true, freed: false });
    expect(moveTokens(spent, nothing).spent).toBe(false);
  });

  test("that has no limit is never spent", () => {
    expect(moveTokens({ ...bucket, limit: 0, settled: 0, escrow: 0 }, nothing).spent).toBe(false);
  });

  test("is called free again only when somebody was told that it is exhausted", () => {
    const refund = { ...nothing, settled: -1 };
    expect(moveTokens(bucket, refund)).toMatchObject({ freed: false });
    const told = moveTokens(bucket, { ...nothing, tellsExhausted: true }).bucket;
    const moved = moveTokens(told, refund);
    expect(moved).toMatchObject({ freed: true, bucket: { toldExhausted: false } });
  });
});
