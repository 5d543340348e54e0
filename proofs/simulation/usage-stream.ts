import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { SimulatedTime } from "../support/simulated-time.ts";
import type { Bus } from "./bus.ts";
import type { Random } from "./random.ts";
import type { Replica } from "./replica.ts";

/** Usage records on their way from routers to quota: late, in any order, at least once. */
export interface UsageStream {
  publish(usage: UsageConsumed): void;
  /** Records that nobody has acknowledged yet. */
  waiting(): number;
  /** Routers can publish again. */
  release(): void;
  /** An operator has routers send again everything that they ever sent, as after a restore. */
  sendAgain(): void;
}

export interface UsageStreamDeps {
  /** Until `release` records only gather. */
  readonly isHeld: boolean;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly bus: Bus;
  readonly replicas: () => readonly Replica[];
  /** It can never be taken. */
  readonly onRejected: (usage: UsageConsumed, reason: string) => void;
}

const pumpMs = 100;
const mostInBatch = 40;

export function createUsageStream({ isHeld, time, random, bus, replicas, onRejected }: UsageStreamDeps): UsageStream {
  const published: UsageConsumed[] = [];
  let waiting: UsageConsumed[] = [];
  let underWay = 0;
  let isPumping = isHeld;

  function schedule(): void {
    if (isPumping || waiting.length === 0) return;
    isPumping = true;
    time.after(pumpMs, pump);
  }

  function pump(): void {
    isPumping = false;
    const heard = replicas().filter(({ process }) => process.isAlive && bus.isConnected(process));
    const replica = heard[random.upTo(Math.max(0, heard.length - 1))];
    if (replica !== undefined) {
      const batch = waiting.splice(random.upTo(Math.max(0, waiting.length - mostInBatch)), mostInBatch);
      underWay += batch.length;
      replica.process.receive(
        () => void consume(replica, batch),
        () => settle(batch, true),
      );
    }
    schedule();
  }

  async function consume(replica: Replica, batch: readonly UsageConsumed[]): Promise<void> {
    time.stir();
    try {
      for (const { usage, reason } of await replica.recordUsage(batch)) onRejected(usage, reason);
      // The acknowledgement may be lost.
      settle(batch, random.percent(bus.weather.lost) || !bus.isConnected(replica.process));
    } catch {
      settle(batch, true);
    }
  }

  function settle(batch: readonly UsageConsumed[], again: boolean): void {
    underWay -= batch.length;
    if (again) waiting.push(...batch);
    else waiting = [...waiting, ...batch.filter(() => random.percent(bus.weather.repeated / 4))];
    schedule();
  }

  return {
    publish: (usage) => {
      published.push(usage);
      waiting.push(usage);
      schedule();
    },
    waiting: () => waiting.length + underWay,
    release: () => {
      if (!isHeld) return;
      isPumping = false;
      schedule();
    },
    sendAgain: () => {
      waiting = [...published];
      schedule();
    },
  };
}
