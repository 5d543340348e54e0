import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findApiKeys, formatApiKey } from "@topdog/contracts/api-key";
import { apiKeyChanged, apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import * as fc from "fast-check";
import { defaultKeySettings } from "../src/domain/api-key.ts";
import { findLiveKey, lockLiveKey } from "../src/store/api-keys.ts";
import { hashKey } from "../src/store/key-material.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { changeKey } from "../src/usecases/change-key.ts";
import { createKey } from "../src/usecases/create-key.ts";
import { noteUses } from "../src/usecases/note-key-uses.ts";
import { resolvePrincipalOf } from "../src/usecases/resolve-principal.ts";
import { revokeLeakedKeys } from "../src/usecases/revoke-leaked-keys.ts";
import { revokeKey } from "../src/usecases/revoke-key.ts";
import { rotateKey } from "../src/usecases/rotate-key.ts";
import { signedIn, someOrg, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("the last use of a key", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
  });
  afterAll(() => database.drop());

  test("is the latest that was told, in any order and however often, and never in the future", async () => {
    const nowMs = Date.now();
    const instants = fc.array(fc.integer({ min: nowMs - 100_000, max: nowMs + 100_000 }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(instants, async (told) => {
        const { record } = await createKey(deps, signedIn(await someUser(deps)), { orgId: null, name: "test" });
        const uses = told.map((ms) => ({ keyId: record.id, at: new Date(ms).toISOString() }));
        for (const use of [...uses, ...uses.slice(0, 2)])
          await noteUses({ db: database.db, nowMs: () => nowMs }, [use, { keyId: "key_none", at: use.at }]);
        const latestMs = Math.max(...told.map((ms) => Math.min(ms, nowMs)));
        expect((await findLiveKey(database.owner, record.id))?.lastUsedAt?.getTime()).toBe(latestMs);
      }),
      { numRuns: 15 },
    );
  });

  test("is not waited for, nor does it wait, while somebody changes the key", async () => {
    const { record } = await createKey(deps, signedIn(await someUser(deps)), { orgId: null, name: "test" });
    const uses = [{ keyId: record.id, at: new Date().toISOString() }];
    await database.owner.transaction(async (trx) => {
      await lockLiveKey(trx, record.id);
      await noteUses(deps, uses);
    });
    expect((await findLiveKey(database.owner, record.id))?.lastUsedAt).toBeNull();
    await noteUses(deps, uses);
    expect((await findLiveKey(database.owner, record.id))?.lastUsedAt).not.toBeNull();
  });
});

describe("a key that is changed", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
  });
  afterAll(() => database.drop());

  const at = (nowMs: number): RegistryDeps => ({ ...deps, nowMs: () => nowMs });
  const principalOf = (key: string, nowMs = Date.now()) => resolvePrincipalOf(at(nowMs), hashKey(key));
  const someKey = async (userId: string, orgId: string | null = null) =>
    createKey(deps, signedIn(userId), { orgId, name: "test", settings: defaultKeySettings });
  const hashesTold = async (event: { subject: string }, keyId: string): Promise<string[]> => {
    const { rows } = await database.owner.raw<{ rows: { hash: string }[] }>(
      "select payload::json ->> 'keyHash' as hash from outbox where subject = ? and payload::json ->> 'keyId' = ?",
      [event.subject, keyId],
    );
    return rows.map(({ hash }) => hash);
  };
  const lastAudit = async (target: string) => {
    const { rows } = await database.owner.raw<{ rows: { action: string; details: string }[] }>(
      "select action, details from audit_log where target = ? order by seq desc limit 1",
      [target],
    );
    return rows.map(({ action, details }) => [action, JSON.parse(details) as unknown]);
  };

  test("is told to gateways, and the audit log says what it was before; what is not named stays", async () => {
    const userId = await someUser(deps);
    const { record, key } = await someKey(userId);
    const patch = { scopes: ["llm", "account"] as const, allowedModels: ["gpt-5"] };
    await changeKey(deps, signedIn(userId), record.id, patch);
    expect(await principalOf(key)).toMatchObject({ scopes: ["llm", "account"], restrictions: { models: ["gpt-5"] } });
    expect(await hashesTold(apiKeyChanged, record.id)).toEqual([hashKey(key)]);
    const details = { scopes: "llm account", scopesBefore: "llm", allowedModels: "gpt-5", allowedModelsBefore: null };
    expect(await lastAudit(record.id)).toEqual([["apikey.changed", details]]);

    await changeKey(deps, signedIn(userId), record.id, { name: "test", allowedModels: ["gpt-5"] });
    expect(await hashesTold(apiKeyChanged, record.id)).toHaveLength(1);
    await changeKey(deps, signedIn(userId), record.id, { allowedModels: null });
    expect(await principalOf(key)).toMatchObject({ scopes: ["llm", "account"], restrictions: null });
  });

  test("cannot be given an end that is over, and one that has ended may be renamed", async () => {
    const userId = await someUser(deps);
    const { record } = await someKey(userId);
    const expiresAt = new Date(Date.now() + 1_000);
    await changeKey(deps, signedIn(userId), record.id, { expiresAt });
    const later = at(expiresAt.getTime());
    const ended = changeKey(later, signedIn(userId), record.id, { expiresAt: new Date(expiresAt.getTime() - 1) });
    await expect(ended).rejects.toMatchObject({ code: "invalid_request" });
    expect(await changeKey(later, signedIn(userId), record.id, { name: "old" })).toMatchObject({ name: "old" });
  });

  test("is changed and rotated by its holder alone: for an org's owner and a stranger there is no such key", async () => {
    const { orgId, owner, members } = await someOrg(deps, { members: 1, seats: 3 });
    const { record } = await someKey(members[0] ?? "", orgId);
    for (const userId of [owner, await someUser(deps)]) {
      const refused = { code: "not_found" };
      await expect(changeKey(deps, signedIn(userId), record.id, { name: "x" })).rejects.toMatchObject(refused);
      await expect(rotateKey(deps, signedIn(userId), record.id, 60)).rejects.toMatchObject(refused);
      await expect(rotateKey(deps, signedIn(userId), "key_none", 60)).rejects.toMatchObject(refused);
    }
  });

  test("keeps its id and settings through a rotation, and the old secret ends after the overlap, to the millisecond", async () => {
    const userId = await someUser(deps);
    const person = signedIn(userId);
    const first = await createKey(deps, person, {
      orgId: null,
      name: "test",
      settings: { ...defaultKeySettings, scopes: ["llm", "usage:read"], allowedModels: ["gpt-5"] },
    });
    const rotatedMs = Date.now();
    const second = await rotateKey(at(rotatedMs), person, first.record.id, 60);
    const endMs = rotatedMs + 60_000;
    expect(second.record).toMatchObject({ id: first.record.id, scopes: ["llm", "usage:read"], name: "test" });
    const [oldOne, newOne] = [await principalOf(first.key, rotatedMs), await principalOf(second.key, rotatedMs)];
    expect(oldOne).toMatchObject({ keyId: first.record.id, restrictions: { expiresAtMs: endMs, models: ["gpt-5"] } });
    expect(newOne).toMatchObject({ keyId: first.record.id, restrictions: { expiresAtMs: null, models: ["gpt-5"] } });
    expect(await hashesTold(apiKeyChanged, first.record.id)).toEqual([hashKey(first.key)]);
    expect((await principalOf(first.key, endMs - 1)) !== null).toBe(true);
    expect(await principalOf(first.key, endMs)).toBeNull();
    expect(await principalOf(second.key, endMs)).not.toBeNull();

    await revokeKey(deps, person, first.record.id);
    expect(await principalOf(first.key, rotatedMs)).toBeNull();
    expect(await hashesTold(apiKeyRevoked, first.record.id)).toEqual([hashKey(second.key), hashKey(first.key)]);
  });

  test("has the secrets that its history of rotations leaves, at any time, and each other one was told to be over", async () => {
    interface Issued {
      readonly key: string;
      endsMs: number;
    }
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 90_000 }),
      overlapSeconds: fc.constantFrom(0, 1, 30, 60),
    });
    const run = async (steps: readonly { afterMs: number; overlapSeconds: number }[], probeMs: number) => {
      const userId = await someUser(deps);
      let nowMs = Date.UTC(2030, 0, 1);
      const { record, key } = await someKey(userId);
      const issued: Issued[] = [{ key, endsMs: Number.POSITIVE_INFINITY }];
      for (const { afterMs, overlapSeconds } of steps) {
        nowMs += afterMs;
        const next = await rotateKey(at(nowMs), signedIn(userId), record.id, overlapSeconds);
        const [current, previous] = issued.toReversed();
        if (previous !== undefined) previous.endsMs = Math.min(previous.endsMs, nowMs);
        if (current !== undefined) current.endsMs = nowMs + overlapSeconds * 1_000;
        issued.push({ key: next.key, endsMs: Number.POSITIVE_INFINITY });
      }
      const atMs = nowMs + probeMs;
      const good = await Promise.all(issued.map(async (one) => (await principalOf(one.key, atMs)) !== null));
      expect(good).toEqual(issued.map(({ endsMs }) => atMs < endsMs));
      const told = await hashesTold(apiKeyRevoked, record.id);
      const overBefore = issued.slice(0, -2).map((one) => hashKey(one.key));
      expect(told).toEqual(expect.arrayContaining(overBefore));
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 90_000 }), run),
      { numRuns: 25 },
    );
  });

  test("that leaked is revoked wherever it stands in a text; of a rotated one the old secret alone ends", async () => {
    const userId = await someUser(deps);
    const [leaked, kept] = [await someKey(userId), await someKey(userId)];
    const first = await someKey(userId);
    const second = await rotateKey(deps, signedIn(userId), first.record.id, 3_600);
    const report = `https://x.test/?k=${leaked.key}&again=${leaked.key} td_td_${first.key}td_ ${formatApiKey(randomBytes(32))}`;
    expect(await revokeLeakedKeys(deps, findApiKeys(report))).toEqual([
      { keyId: leaked.record.id, userId, what: "key" },
      { keyId: first.record.id, userId, what: "old secret" },
    ]);
    const live = await Promise.all(
      [leaked, first, second, kept].map(async ({ key }) => (await principalOf(key)) !== null),
    );
    expect(live).toEqual([false, false, true, true]);
    expect(await hashesTold(apiKeyRevoked, first.record.id)).toEqual([hashKey(first.key)]);
    expect(await revokeLeakedKeys(deps, findApiKeys(report))).toEqual([]);
  });
});
