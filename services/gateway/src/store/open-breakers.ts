import type { ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";

/** What is remembered of providers: far more than there are. */
const maxBreakers = 1_000;
/** A router that ended with its breaker open never says that it closed. */
const forgetAfterMs = 600_000;

export interface OpenBreakers {
  note(change: ProviderStateChanged): void;
  count(): number;
}

/** Which providers rest, as routers told lately. */
export function createOpenBreakers(monotonicMs: () => number): OpenBreakers {
  const openSince = new Map<string, number>();
  return {
    note: ({ provider, modelFamily, routerId, state }) => {
      const key = `${routerId} ${provider} ${modelFamily}`;
      openSince.delete(key);
      if (state !== "closed" && openSince.size < maxBreakers) openSince.set(key, monotonicMs());
    },
    count: () => {
      const oldest = monotonicMs() - forgetAfterMs;
      for (const [key, since] of openSince) if (since < oldest) openSince.delete(key);
      return openSince.size;
    },
  };
}
