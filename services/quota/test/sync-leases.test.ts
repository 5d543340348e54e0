import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

describe("one gateway", () => {
  test("gets a lease of its plan's bucket, reports, and finds its window reopened", async () => {
    const owner = "user:first";
    const made = await quota.sync("gateway-a", { owner, want: 100 });
    expect(made).toMatchObject({
      state: "open",
      size: 4,
      reported: 0,
      window: 2,
      limit: 75,
      remaining: 75,
      plan: "free",
      status: "ok",
    });
    const reported = await quota.sync("gateway-a", { owner, leaseId: made.leaseId, used: 2 });
    expect(reported).toMatchObject({ state: "open", size: 4, reported: 2, remaining: 73 });
    expect(await quota.violations()).toEqual([]);
  });
});
