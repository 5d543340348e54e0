import type { Siblings } from "../clients/siblings.ts";
import { type PlatformStatus, platformStatus, type Sightings } from "../domain/platform-status.ts";

export interface WatchPlatformDeps {
  readonly siblings: Siblings;
  readonly links: () => { readonly ready: number; readonly ejected: number; readonly down: number };
  readonly busIsConnected: () => boolean;
  readonly openBreakers: () => number;
  readonly nowMs: () => number;
}

export interface PlatformWatch {
  /** Asks the siblings how they are. */
  readonly look: () => Promise<void>;
  /** From memory. */
  readonly status: () => PlatformStatus;
}

/** Keeps what `/api/status` tells: nobody who reads it costs a sibling anything. */
export function createPlatformWatch(deps: WatchPlatformDeps): PlatformWatch {
  // Until the first look: a gateway does not start without the bus, on which they are.
  let isReady: Sightings["isReady"] = { "org-registry": true, quota: true, billing: true };
  let checkedAtMs = deps.nowMs();
  return {
    look: async () => {
      const [registry, quota, billing] = await Promise.all([
        deps.siblings["org-registry"].isReady(),
        deps.siblings.quota.isReady(),
        deps.siblings.billing.isReady(),
      ]);
      isReady = { "org-registry": registry, quota, billing };
      checkedAtMs = deps.nowMs();
    },
    status: () => {
      const { ready, ejected, down } = deps.links();
      const seen = { busIsConnected: deps.busIsConnected(), connectedRouters: ready, routers: ready + ejected + down };
      return platformStatus({ ...seen, isReady, openBreakers: deps.openBreakers() }, checkedAtMs);
    },
  };
}
