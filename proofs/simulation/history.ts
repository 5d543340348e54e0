import type { PlanId } from "@topdog/contracts/plans";
import type { Weather } from "./bus.ts";
import { createRandom, type Random } from "./random.ts";

export const callerNames = ["ann", "dan", "bob", "bot", "eve", "kim"] as const;
export type CallerName = (typeof callerNames)[number];
export const subscriptions = ["user:ann", "org:acme"] as const;
export type SubscriptionOwner = (typeof subscriptions)[number];

/** A process, by its place: the one that stands there when the step is taken. */
export interface Place {
  readonly of: "gateway" | "quota";
  readonly index: number;
}

export type Step =
  | {
      readonly kind: "calls";
      readonly gateway: number;
      readonly caller: CallerName;
      readonly clients: number;
      /** Of each client, one after the other. */
      readonly count: number;
      readonly isChat: boolean;
      readonly lastsMs: number;
    }
  | { readonly kind: "time passes"; readonly ms: number }
  | { readonly kind: "weather"; readonly weather: Weather }
  | { readonly kind: "cut off"; readonly place: Place; readonly ms: number }
  | { readonly kind: "stands still"; readonly place: Place; readonly ms: number }
  | { readonly kind: "dies"; readonly place: Place }
  | { readonly kind: "is replaced"; readonly place: Place }
  | { readonly kind: "the bus is away"; readonly ms: number }
  | { readonly kind: "the database is away"; readonly ms: number }
  | { readonly kind: "a backup is made" }
  | { readonly kind: "the database is restored"; readonly ms: number }
  | { readonly kind: "commits are not heard of"; readonly percent: number }
  | { readonly kind: "the database's clock is moved"; readonly aheadMs: number }
  | { readonly kind: "plan"; readonly owner: SubscriptionOwner; readonly plan: PlanId; readonly seats: number };

export interface History {
  /** Of everything that no step says: fates of messages, times of answers. */
  readonly seed: number;
  readonly gateways: number;
  readonly replicas: number;
  readonly beforeMidnightMs: number;
  /** The org has a plan from the beginning. */
  readonly isSubscribed: boolean;
  /** Of the org's bucket, 400 calls: its service account has drawn so many before anything else happens. Null: the bucket is large and hardly used. */
  readonly drawnBefore: number | null;
  /** Routers cannot publish: no usage record comes before all has calmed down. */
  readonly isUsageHeld: boolean;
  readonly steps: readonly Step[];
}

const dayMs = 86_400_000;
const shares = (random: Random, most: number): number => (random.percent(50) ? 0 : random.upTo(most));

function placeIn(random: Random, { gateways, replicas }: Pick<History, "gateways" | "replicas">): Place {
  return random.percent(60)
    ? { of: "gateway", index: random.upTo(gateways - 1) }
    : { of: "quota", index: random.upTo(replicas - 1) };
}

/** A tick, a hop, a report, a heartbeat, a gateway that is thought dead, an idle lease. */
function someTime(random: Random): number {
  if (random.percent(3)) return random.pick([40_000, 310_000]);
  return random.pick([1, 5, 30, 250, 1_100, 1_100, 6_000, 12_000]);
}

function someCalls(random: Random, gateways: number): Step {
  return {
    kind: "calls",
    gateway: random.upTo(gateways - 1),
    caller: random.pick(callerNames),
    clients: 1 + random.upTo(2),
    count: random.percent(75) ? 1 + random.upTo(5) : 1 + random.upTo(40),
    isChat: random.percent(50),
    lastsMs: random.pick([0, 0, 0, 20, 400, 7_000]),
  };
}

function someTrouble(random: Random, size: Pick<History, "gateways" | "replicas">): Step {
  const place = placeIn(random, size);
  switch (random.upTo(10)) {
    case 0:
    case 1: {
      const weather = {
        lost: shares(random, 40),
        repeated: shares(random, 60),
        slow: shares(random, 40),
        signalsLost: random.percent(50) ? 0 : 100,
      };
      return { kind: "weather", weather };
    }
    case 2:
      return { kind: "cut off", place, ms: random.pick([500, 3_000, 14_000]) };
    case 3:
      return { kind: "stands still", place, ms: random.pick([500, 5_000, 8_000, 60_000]) };
    case 4:
      return { kind: "dies", place };
    case 5:
      return { kind: "is replaced", place };
    case 6:
      return { kind: "the bus is away", ms: random.pick([500, 3_000, 8_000, 14_000]) };
    case 7:
      return { kind: "the database is away", ms: random.pick([500, 3_000, 8_000, 14_000]) };
    case 8:
      return { kind: "commits are not heard of", percent: random.pick([0, 30]) };
    case 9:
      return { kind: "the database's clock is moved", aheadMs: random.pick([0, -2_000, 2_000, dayMs]) };
    default: {
      const owner = random.pick(subscriptions);
      const plan =
        owner === "user:ann" ? random.pick(["free", "pro"] as const) : random.pick(["free", "teams"] as const);
      return { kind: "plan", owner, plan, seats: plan === "teams" ? 3 + random.upTo(2) : 1 };
    }
  }
}

/** A database that goes back in time, once or twice: to a backup, or to the beginning. No server is stopped, restored and started in a second. */
function withRestores(random: Random, steps: readonly Step[]): Step[] {
  const result = [...steps];
  for (let restores = 1 + Number(random.percent(30)); restores > 0; restores -= 1) {
    const at = random.upTo(result.length);
    const ms = random.pick([1_200, 1_200, 4_000, 9_000, 14_000]);
    result.splice(at, 0, { kind: "the database is restored", ms });
    if (random.percent(85)) result.splice(random.upTo(at), 0, { kind: "a backup is made" });
  }
  return result;
}

/** A history by its seed alone. Half of them see a midnight, a third a restore. */
export function historyOf(seed: number): History {
  const random = createRandom(seed);
  const size = { gateways: 2 + random.upTo(2), replicas: random.percent(80) ? 1 + random.upTo(1) : 3 };
  const length = random.percent(90) ? 3 + random.upTo(14) : 20 + random.upTo(40);
  const steps = Array.from({ length }, (): Step => {
    const kind = random.upTo(99);
    if (kind < 42) return someCalls(random, size.gateways);
    return kind < 78 ? { kind: "time passes", ms: someTime(random) } : someTrouble(random, size);
  });
  const beforeMidnightMs = random.percent(50) ? random.upTo(20_000) + 200 : 40_000_000;
  const [isSubscribed, isUsageHeld] = [random.percent(60), random.percent(30)];
  const drawnBefore = isSubscribed && random.percent(40) ? 250 + random.upTo(140) : null;
  const all = seed % 3 === 0 ? withRestores(random, steps) : steps;
  return { seed, ...size, beforeMidnightMs, isSubscribed, drawnBefore, isUsageHeld, steps: all };
}
