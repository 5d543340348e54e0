import { type UsageCounted, usageCounted } from "@topdog/contracts/signals/usage-counted";
import type { Bus } from "@topdog/messaging/connect";
import { sendSignal } from "@topdog/messaging/signal";
import type { UsageNews } from "../domain/usage-news.ts";

/** How long changes of one owner are gathered. */
const intervalMs = 1_000;
/** Owners that are told of in one interval; news of others are lost, and the next change tells the figures. */
const maxOwners = 20_000;

interface Gathered {
  day: string;
  readonly meters: Map<string, UsageCounted["meters"][number]>;
  calls: number;
}

/** Tells of each owner once a second at most, and of nobody whose figures did not change. */
export function createUsageNews(bus: Bus): UsageNews & { readonly stop: () => void } {
  const gathered = new Map<string, Gathered>();
  let timer: NodeJS.Timeout | null = null;

  function of(owner: string, day: string): Gathered | null {
    let known = gathered.get(owner);
    if (known === undefined) {
      if (gathered.size >= maxOwners) return null;
      known = { day, meters: new Map(), calls: 0 };
      gathered.set(owner, known);
      timer ??= setTimeout(tell, intervalMs);
    }
    // A late call of yesterday changes nothing of today's figures.
    if (day > known.day) {
      known.day = day;
      known.meters.clear();
    }
    return known;
  }

  function tell(): void {
    timer = null;
    for (const [owner, { day, meters, calls }] of gathered) {
      sendSignal(bus, usageCounted, { owner, day, meters: [...meters.values()], calls }, owner);
    }
    gathered.clear();
  }

  return {
    used: ({ owner, meter, day, settled, limit }) => {
      const known = of(owner, day);
      if (known?.day === day) known.meters.set(meter, { meter, used: settled, limit });
    },
    completed: (owner, day) => {
      const known = of(owner, day);
      if (known !== null) known.calls += 1;
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
