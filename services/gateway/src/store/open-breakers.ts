import type { ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";

/** What is remembered of providers: far more than there are. */
const maxBreakers = 1_000;
/** A router that ended with its breaker open never says that it closed. */
const forgetAfterMs = 600_000;

export interface OpenBreakers {
  note(change: ProviderStateChanged): void;
  /** The last word of each, those that opened first at first. */
  list(): readonly ProviderStateChanged[];
}

/** Which providers rest, as routers told lately. */
export function createOpenBreakers(monotonicMs: () => number): OpenBreakers {
  const open = new Map<string, { readonly sinceMs: number; readonly change: ProviderStateChanged }>();
  return {
    note: (change) => {
      const { provider, modelFamily, routerId, state } = change;
      const key = `${routerId} ${provider} ${modelFamily}`;
      open.delete(key);
      if (state !== "closed" && open.size < maxBreakers) open.set(key, { sinceMs: monotonicMs(), change });
    },
    list: () => {
      const oldestMs = monotonicMs() - forgetAfterMs;
      for (const [key, { sinceMs }] of open) if (sinceMs < oldestMs) open.delete(key);
      return [...open.values()].map(({ change }) => change);
    },
  };
}
