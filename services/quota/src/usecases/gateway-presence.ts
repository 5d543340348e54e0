import type { QuotaStore } from "../store/quota-store.ts";

export interface Presence {
  /** Records that a gateway is alive, once a second at most. */
  seen(gatewayId: string): Promise<void>;
}

const touchIntervalMs = 1_000;
const rememberedGateways = 1_000;

/** `nowMs` is a monotonic clock. */
export function createPresence(store: Pick<QuotaStore, "touchGateway">, nowMs: () => number): Presence {
  const touchedMs = new Map<string, number>();
  return {
    seen: async (gatewayId) => {
      const now = nowMs();
      if (now - (touchedMs.get(gatewayId) ?? Number.NEGATIVE_INFINITY) < touchIntervalMs) return;
      await store.touchGateway(gatewayId);
      if (touchedMs.size >= rememberedGateways) touchedMs.clear();
      touchedMs.set(gatewayId, now);
    },
  };
}
