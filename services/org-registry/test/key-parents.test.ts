import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import * as fc from "fast-check";
import type { CallingKey } from "../src/domain/caller.ts";
import { findLiveKey } from "../src/store/api-keys.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { createKey, createKeyAsOperator } from "../src/usecases/create-key.ts";
import { revokeKey, revokeKeyAsOperator } from "../src/usecases/revoke-key.ts";
import { callerFor, someOrg, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("a key that was made with another key", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
  });
  afterAll(() => database.drop());

  const madeWith = async (caller: CallingKey, orgId: string | null = caller.orgId): Promise<CallingKey> => {
    const { record } = await createKey(deps, caller, { name: "made", orgId });
    return { userId: caller.userId, orgId, keyId: record.id };
  };
  const isLive = async ({ keyId }: CallingKey): Promise<boolean> => (await findLiveKey(database.db, keyId)) !== null;
  const revocationsOf = async (keyId: string): Promise<number> => {
    const { rows } = await database.db.raw<{ rows: unknown[] }>(
      "select 1 from outbox where subject = ? and payload::json ->> 'keyId' = ?",
      [apiKeyRevoked.subject, keyId],
    );
    return rows.length;
  };

  test("is revoked with it, at any distance, each with its audit row and its event; other keys stay", async () => {
    const { orgId, owner } = await someOrg(deps, { members: 0, seats: 3 });
    const leaked = await callerFor(deps, owner, orgId);
    const other = await callerFor(deps, owner);
    const child = await madeWith(leaked);
    const grandchild = await madeWith(child);
    const sibling = await madeWith(other, orgId);
    await revokeKey(deps, other, leaked.keyId);
    expect(await Promise.all([leaked, child, grandchild, other, sibling].map(isLive))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    const { rows } = await database.db.raw<{ rows: { target: string; actor: string }[] }>(
      "select target, actor from audit_log where chain = ? and action = 'apikey.revoked' order by seq",
      [`org:${orgId}`],
    );
    const actor = `user:${owner} key:${other.keyId}`;
    const revoked = [leaked, child, grandchild].map(({ keyId }) => keyId);
    expect(rows).toEqual(revoked.map((target) => ({ target, actor })));
    expect(await Promise.all(revoked.map(revocationsOf))).toEqual([1, 1, 1]);
  });

  test("cannot be made with a revoked key, nor with one that does not exist", async () => {
    const caller = await callerFor(deps, await someUser(deps));
    await revokeKeyAsOperator(deps, caller.keyId);
    await expect(madeWith(caller)).rejects.toMatchObject({ code: "invalid_api_key" });
    await expect(madeWith({ ...caller, keyId: "key_none" })).rejects.toMatchObject({ code: "invalid_api_key" });
  });

  test("never outlives it, also when both happen at the same moment", async () => {
    for (let round = 0; round < 10; round += 1) {
      const leaked = await callerFor(deps, await someUser(deps));
      const child = await madeWith(leaked);
      const made = Promise.allSettled([leaked, child, leaked, child].map((caller) => madeWith(caller)));
      await Promise.all([revokeKeyAsOperator(deps, leaked.keyId), made]);
      const { rows } = await database.db.raw<{ rows: unknown[] }>(
        "select id from api_key where user_id = ? and revoked_at is null",
        [leaked.userId],
      );
      expect(rows).toEqual([]);
    }
  });

  test("is live only while all the keys that led to it are, in any tree and any order of revocations", async () => {
    /** For each new key, which of the keys so far makes it; then which keys are revoked. */
    const history = fc.record({
      makers: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
      revocations: fc.array(fc.nat(), { maxLength: 4 }),
    });
    const run = async ({ makers, revocations }: { makers: number[]; revocations: number[] }): Promise<void> => {
      const userId = await someUser(deps);
      const keys: { caller: CallingKey; parent: number | null }[] = [
        { caller: await callerFor(deps, userId), parent: null },
      ];
      for (const maker of makers) {
        const parent = maker % keys.length;
        const by = keys[parent];
        if (by !== undefined) keys.push({ caller: await madeWith(by.caller), parent });
      }
      const revoked = new Set(revocations.map((index) => index % keys.length));
      for (const index of revoked)
        await revokeKeyAsOperator(deps, keys[index]?.caller.keyId ?? "").catch(() => undefined);
      const shouldLive = (index: number | null): boolean =>
        index === null || (!revoked.has(index) && shouldLive(keys[index]?.parent ?? null));
      expect(await Promise.all(keys.map(({ caller }) => isLive(caller)))).toEqual(keys.map((_, at) => shouldLive(at)));
    };
    await fc.assert(fc.asyncProperty(history, run), { numRuns: 15 });
  });

  test("stays live when another key of the same user, which did not make it, is revoked", async () => {
    const userId = await someUser(deps);
    const made = await madeWith(await callerFor(deps, userId));
    const { record } = await createKeyAsOperator(deps, { userId, orgId: null, name: "other" });
    await revokeKeyAsOperator(deps, record.id);
    expect(await isLive(made)).toBe(true);
  });
});
