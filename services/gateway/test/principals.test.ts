import { expect, test } from "@jest/globals";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { createPrincipals, type Lookup, type Principals } from "../src/store/principals.ts";
import type { Moment } from "../src/store/soundness.ts";

const principal: Principal = {
  keyId: "key_1",
  userId: "usr_1",
  orgId: "org_1",
  role: "member",
  scopes: ["llm"],
  restrictions: null,
  buckets: { personal: "seat:org_1:usr_1", org: "org:org_1" },
  byok: { scope: "org", used: 0, capacity: 3 },
};
const freshMs = 30_000;
const maxAgeMs = 3_600_000;
const maxStaleMs = 300_000;

/** A cache before a registry whose answers the test states, on a clock that the test moves. */
interface Registry {
  nowMs: number;
  /** "away": it does not answer. */
  answer: Principal | null | "away";
  asked: number;
  readonly lookups: Lookup[];
}

function cacheBefore(registry: Registry): Principals {
  return createPrincipals({
    resolve: async () => {
      registry.asked += 1;
      if (registry.answer === "away") throw new Error("away");
      return registry.answer;
    },
    monotonicMs: () => registry.nowMs,
    maxEntries: 100,
    freshMs,
    maxAgeMs,
    maxStaleMs,
    onLookup: (outcome) => registry.lookups.push(outcome),
  });
}

const newRegistry = (): Registry => ({ nowMs: 1_000, answer: principal, asked: 0, lookups: [] });
const isServed = async (cache: Principals, keyHash = "a"): Promise<boolean> =>
  (cache.recall(keyHash) ?? (await cache.find(keyHash))) !== null;
/** Waits for lookups in the background. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a fresh entry is served without asking; an older one is served while the registry is asked in the background", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  expect(await isServed(cache)).toBe(true);
  registry.nowMs += freshMs - 1;
  expect([cache.recall("a") !== undefined, registry.asked]).toEqual([true, 1]);
  registry.nowMs += 1;
  expect([cache.recall("a") !== undefined, registry.asked]).toEqual([true, 2]);
  await settle();
  expect([cache.recall("a") !== undefined, registry.asked, registry.lookups.at(-1)]).toEqual([true, 2, "hit"]);
});

test("a revoked key whose broadcast was lost is refused within twice the fresh time, however seldom it is used", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  await isServed(cache);
  registry.answer = null;
  registry.nowMs += freshMs + 1;
  expect(await isServed(cache)).toBe(true);
  await settle();
  expect(await isServed(cache)).toBe(false);

  const seldom = newRegistry();
  const other = cacheBefore(seldom);
  await isServed(other);
  seldom.answer = null;
  seldom.nowMs += 2 * freshMs;
  expect(await isServed(other)).toBe(false);
});

test("while the registry is away a known key is served, without a wait at each call, up to the stated bound", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  await isServed(cache);
  registry.answer = "away";
  registry.nowMs += 2 * freshMs;
  expect(cache.recall("a")).toBeUndefined();
  expect(await isServed(cache)).toBe(true);
  for (let second = 0; second < 100; second += 1) {
    registry.nowMs += 1_000;
    expect(cache.recall("a")).toBeDefined();
    await settle();
  }
  expect(registry.asked).toBeLessThanOrEqual(103);
  registry.nowMs = 1_000 + maxStaleMs;
  await expect(isServed(cache)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
  registry.answer = principal;
  expect(await isServed(cache)).toBe(true);
});

test("after a gap in the broadcasts a key that was revoked meanwhile is refused at its first use", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  for (const keyHash of ["a", "b"]) await isServed(cache, keyHash);
  registry.answer = null;
  cache.distrustAll();
  expect(cache.recall("a")).toBeUndefined();
  expect(await isServed(cache, "a")).toBe(false);
});

test("after a gap no key fails because the registry is slow to answer: it is asked once, then in the background", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  await isServed(cache);
  cache.distrustAll();
  registry.answer = "away";
  expect(await isServed(cache)).toBe(true);
  expect(cache.recall("a")).toBeDefined();
  registry.answer = null;
  registry.nowMs += 1_000;
  expect(cache.recall("a")).toBeDefined();
  await settle();
  expect(await isServed(cache)).toBe(false);
});

test("a revocation is refused at once, whatever the registry or an answer under way says", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  await isServed(cache);
  const before = cache.changes();
  registry.nowMs += freshMs;
  cache.recall("a");
  cache.revoke("a");
  await settle();
  expect([await isServed(cache), cache.changes() !== before]).toEqual([false, true]);
  registry.answer = "away";
  expect(await isServed(cache)).toBe(false);
});

test("a member's change asks again about their keys of that org, and never serves them from memory while the registry is away", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  for (const keyHash of ["a", "b"]) await isServed(cache, keyHash);
  registry.answer = { ...principal, userId: "usr_2" };
  await isServed(cache, "c");
  registry.answer = "away";
  cache.dropMember({ orgId: "org_1", userId: "usr_1" });
  expect([cache.size(), cache.recall("c") !== undefined]).toEqual([1, true]);
  for (const keyHash of ["a", "b"])
    await expect(isServed(cache, keyHash)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
});

test("a change of an org's or a user's credentials asks again about each of their keys, and about nobody else's", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  const as = async (keyHash: string, userId: string, orgId: string | null): Promise<void> => {
    registry.answer = { ...principal, userId, orgId };
    await isServed(cache, keyHash);
  };
  await as("org key", "usr_1", "org_1");
  await as("colleague's", "usr_2", "org_1");
  await as("personal", "usr_1", null);
  await as("other", "usr_3", "org_2");
  const known = (): string[] => ["org key", "colleague's", "personal", "other"].filter((key) => cache.recall(key));
  cache.dropTenant("org:org_1");
  expect(known()).toEqual(["personal", "other"]);
  await as("org key", "usr_1", "org_1");
  cache.dropTenant("user:usr_1");
  expect(known()).toEqual(["other"]);
  cache.dropTenant("user:usr_9");
  expect([cache.size(), known()]).toEqual([1, ["other"]]);
});

/** Confirms as a catch-up does that asked before the clock is moved to `nowMs`. */
const confirmUntil = (registry: Registry, cache: Principals, since: Moment, nowMs: number): void => {
  registry.nowMs = nowMs;
  cache.confirmAll({ since, now: cache.moment() });
};

test("while changes are caught up with, a key is never asked about again for the time's sake, until its greatest age", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  const since = cache.moment();
  await isServed(cache);
  for (let minute = 1; minute < 60; minute += 1) {
    confirmUntil(registry, cache, since, 1_000 + minute * 60_000);
    expect(cache.recall("a")).toBeDefined();
  }
  expect([registry.asked, registry.lookups.at(-1)]).toEqual([1, "hit"]);
  confirmUntil(registry, cache, since, 1_000 + maxAgeMs);
  expect([cache.recall("a") !== undefined, registry.asked]).toEqual([true, 2]);
});

test("what was asked before the catch-up began is not confirmed by it", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  await isServed(cache);
  registry.nowMs += 1;
  const since = cache.moment();
  confirmUntil(registry, cache, since, 1_000 + 2 * freshMs);
  expect(cache.recall("a")).toBeUndefined();
});

test("after a gap a catch-up that began later makes all keys known again without asking about each; an earlier one does not", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  const since = cache.moment();
  await isServed(cache);
  const before = cache.moment();
  cache.distrustAll();
  cache.confirmAll({ since, now: before });
  expect(cache.recall("a")).toBeUndefined();
  cache.confirmAll({ since, now: cache.moment() });
  expect([cache.recall("a") !== undefined, registry.asked, registry.lookups.at(-1)]).toEqual([true, 1, "hit"]);
});

test("when the registry goes away, the bound of what is served is counted from the last catch-up", async () => {
  const registry = newRegistry();
  const cache = cacheBefore(registry);
  const since = cache.moment();
  await isServed(cache);
  confirmUntil(registry, cache, since, 1_000 + 600_000);
  registry.answer = "away";
  registry.nowMs += 2 * freshMs;
  expect(await isServed(cache)).toBe(true);
  registry.nowMs = 1_000 + 600_000 + maxStaleMs;
  await expect(isServed(cache)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
});
