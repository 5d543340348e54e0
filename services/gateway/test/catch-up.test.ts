import { expect, test } from "@jest/globals";
import { catchUpEveryMs, createCatchUp, type CatchUpDeps } from "../src/usecases/catch-up.ts";
import { createPrincipals, type Principals } from "../src/store/principals.ts";

type Ask = CatchUpDeps["ask"];
type Reply = Awaited<ReturnType<Ask>>;

const horizonAt = (second: number): string => `2026-11-26T10:00:${String(second).padStart(2, "0")}.000000Z`;

/** A cache and its catch-up before answers that the test states, one by one. */
function setUp(): {
  cache: Principals;
  known: Set<string>;
  asked: Parameters<Ask>[0][];
  replies: (Partial<Reply> | "away")[];
  run: () => Promise<void>;
  clock: { nowMs: number };
} {
  const clock = { nowMs: 1_000 };
  const known = new Set(["a", "b"]);
  const cache = createPrincipals({
    resolve: async (keyHash) =>
      known.has(keyHash)
        ? {
            keyId: keyHash,
            userId: "usr_1",
            orgId: null,
            role: null,
            scopes: ["llm"],
            restrictions: null,
            buckets: { personal: "user:usr_1", org: null },
            byok: { scope: "user", used: 0, capacity: 2 },
          }
        : null,
    monotonicMs: () => clock.nowMs,
    maxEntries: 10,
    freshMs: 30_000,
    maxAgeMs: 3_600_000,
    maxStaleMs: 300_000,
    onLookup: () => undefined,
  });
  const asked: Parameters<Ask>[0][] = [];
  const replies: (Partial<Reply> | "away")[] = [];
  const run = createCatchUp({
    principals: cache,
    changes: [
      {
        subject: "revoked",
        applyText: (keyHash) => {
          if (keyHash !== "unreadable") cache.revoke(keyHash);
          return keyHash !== "unreadable";
        },
      },
    ],
    ask: async (question) => {
      asked.push(question);
      const reply = replies.shift() ?? {};
      if (reply === "away") throw new Error("away");
      return { horizon: horizonAt(asked.length), changes: [], next: null, ...reply };
    },
  });
  return { cache, known, asked, replies, run, clock };
}

test("a revocation whose broadcast was lost is found at the next run; all other keys stay known", async () => {
  const { cache, asked, replies, run, clock } = setUp();
  await run();
  for (const keyHash of ["a", "b"]) await cache.find(keyHash);
  clock.nowMs += 40_000;
  replies.push(
    { changes: [{ subject: "revoked", payload: "a" }], next: "7" },
    { changes: [{ subject: "other", payload: "b" }] },
  );
  await run();
  expect(await cache.find("a")).toBeNull();
  expect(cache.recall("b")).toBeDefined();
  await run();
  expect(asked).toEqual([
    { since: null, after: null },
    { since: horizonAt(1), after: null },
    { since: horizonAt(1), after: "7" },
    { since: horizonAt(2), after: null },
  ]);
});

test("a run that failed leaves the span open: the next one asks for all of it, and confirms", async () => {
  const { cache, asked, replies, run, clock } = setUp();
  await run();
  await cache.find("a");
  replies.push("away");
  await expect(run()).rejects.toThrow("away");
  clock.nowMs += 70_000;
  expect(cache.recall("a")).toBeUndefined();
  await run();
  expect(cache.recall("a")).toBeDefined();
  expect(asked.map(({ since }) => since)).toEqual([null, horizonAt(1), horizonAt(1)]);
});

test.each<[when: string, answers: Partial<Reply>[], awayMs: number]>([
  ["the database went back in time", [{ horizon: "2026-11-26T09:00:00.000000Z" }], 0],
  ["there is more than a run may take", Array.from({ length: 20 }, () => ({ next: "1" })), 0],
  ["a newer org-registry says what cannot be read", [{ changes: [{ subject: "revoked", payload: "unreadable" }] }], 0],
  ["the last run is longer ago than changes are kept", [], 1_800_001],
])("when %s, every key is asked about again", async (_when, answers, awayMs) => {
  const { cache, replies, run, clock } = setUp();
  await run();
  await cache.find("a");
  replies.push(...answers);
  clock.nowMs += awayMs;
  await run();
  expect(cache.recall("a")).toBeUndefined();
  await cache.find("a");
  await run();
  expect(cache.recall("a")).toBeDefined();
});

test("org-registry is asked what changed several times while a key is fresh, and never without a pause, however short that is", () => {
  expect(catchUpEveryMs(30_000)).toBe(10_000);
  expect(catchUpEveryMs(5)).toBe(1_000);
});
