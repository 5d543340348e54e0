import { beforeEach, describe, expect, test } from "@jest/globals";
import type { PermitAsk } from "@topdog/contracts/rpc/take-permits";
import { createPermits, type Permits } from "./permits.ts";

const owner = "user:busy";

let nowMs: number;
let timers: { atMs: number; work: () => void }[];
let asked: PermitAsk[];
let permits: Permits;
/** What quota's answers say of its history; null: it does not answer. */
let history: string | null;
/** Of the plan, and what other gateways hold of it. */
let [limit, others]: [number, number] = [2, 0];

async function pass(ms: number): Promise<void> {
  const endMs = nowMs + ms;
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const next = timers.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > endMs) break;
    timers.splice(timers.indexOf(next), 1);
    nowMs = Math.max(nowMs, next.atMs);
    next.work();
  }
  nowMs = endMs;
}

beforeEach(async () => {
  [nowMs, timers, asked, history] = [0, [], [], "first"];
  [limit, others] = [2, 0];
  const after = (delayMs: number, work: () => void): (() => void) => {
    const timer = { atMs: nowMs + delayMs, work };
    timers.push(timer);
    return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
  };
  permits = createPermits({
    gatewayId: "gateway-1",
    monotonicMs: () => nowMs,
    timers: { after, soon: (work) => void after(0, work) },
    awayMs: () => 0,
    maxOwners: 10,
    onFailure: () => undefined,
    ask: async ({ asks }) => {
      asked.push(...asks);
      if (history === null) throw new Error("quota is away");
      const room = Math.max(0, limit - others);
      const grants = asks.map((ask) => {
        const held = Math.max(ask.running, Math.min(ask.held + ask.want, room));
        return { owner: ask.owner, held, limit, others };
      });
      return { grants, history };
    },
  });
  const [first, second] = [permits.take(owner), permits.take(owner)];
  await pass(10);
  expect([await first, await second]).toEqual(["taken", "taken"]);
  permits.give(owner);
  asked = [];
});

describe("a gateway with one call under way and one permit to spare, whose quota may have forgotten both: its database was started,", () => {
  test("says at once which calls are under way, and asks before it uses what they do not", async () => {
    history = "second";
    permits.heard(nowMs, history);
    await pass(10);
    expect(asked).toEqual([{ owner, running: 1, held: 1, want: 0 }]);
    const next = permits.take(owner);
    await pass(10);
    expect([await next, asked.at(-1)]).toEqual(["taken", { owner, running: 1, held: 1, want: 1 }]);
  });

  test("says it again until quota has answered, and then no more", async () => {
    history = null;
    permits.heard(nowMs, "second");
    await pass(2_500);
    const unanswered = asked.length;
    expect(unanswered).toBeGreaterThan(1);
    history = "second";
    await pass(2_500);
    expect(asked).toHaveLength(unanswered + 1);
  });

  test("says nothing while the history goes on, nor when quota is of a release that tells none", async () => {
    permits.heard(nowMs, "first");
    permits.heard(nowMs);
    await pass(2_500);
    expect(asked).toEqual([]);
  });
});

describe("what runs beyond the limit ends with its calls, and is not used for the next ones:", () => {
  test("a plan that was lowered to one under two calls", async () => {
    expect(permits.take(owner)).toBe("taken");
    limit = 1;
    permits.recheck(owner);
    await pass(10);
    permits.give(owner);
    await pass(10);
    expect(asked.at(-1)).toEqual({ owner, running: 1, held: 1, want: 0 });
    const next = permits.take(owner);
    await pass(10);
    expect(await next).toMatchObject({ reason: "over", limit: 1, running: 1 });
    permits.give(owner);
    await pass(200);
    expect(permits.take(owner)).toBe("taken");
  });

  test("a call that the restored database had not known when it gave its permit to another gateway", async () => {
    [limit, others, history] = [1, 1, "second"];
    permits.heard(nowMs, history);
    await pass(10);
    permits.give(owner);
    await pass(10);
    expect(asked.at(-1)).toEqual({ owner, running: 0, held: 0, want: 0 });
    const next = permits.take(owner);
    await pass(1_000);
    expect(await next).toMatchObject({ reason: "over" });
  });
});
