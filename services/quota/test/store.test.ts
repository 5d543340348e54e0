import { expect, test } from "@jest/globals";
import { quotaOnPostgres } from "./platform.ts";

test("the database refuses a grant beyond the limit, even when the code allows it", async () => {
  const quota = await quotaOnPostgres();
  try {
    const owner = "user:row";
    const { day, limit } = await quota.sync("gateway-a", { owner, want: 1 });
    const grant = (granted: number): Promise<unknown> =>
      quota.deps.store.transaction(async (tx) => {
        await tx.lockBuckets([{ owner, meter: "api_calls" }], []);
        const after = { toldExhausted: false, exhaustedPublished: false, limit, settled: 0 };
        const change = {
          owner,
          meter: "api_calls",
          day,
          settled: 0,
          refunded: 0,
          escrow: granted,
          granted,
          after,
        } as const;
        return tx.applyMovements({ buckets: [change], leases: [], newLeases: [] });
      });
    // Its cap lies above its limit after the limit was lowered: the limit alone counts for a grant.
    await quota.db.raw("update bucket set cap = cap + 100 where owner = ?", [owner]);
    await expect(grant(limit)).rejects.toThrow("refused by the database");
    await expect(grant(limit - 1)).resolves.toEqual([]);
  } finally {
    await quota.drop();
  }
});
