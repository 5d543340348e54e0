import { providerStateChanged } from "@topdog/contracts/events/provider-state-changed";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { Upstreams } from "../clients/upstreams.ts";

export interface FleetNewsDeps {
  readonly upstreams: Pick<Upstreams, "openedElsewhere">;
  readonly nowMs: () => number;
}

/** An older report is not acted on: the provider may be well again. */
const maxAgeMs = 30_000;

/**
 * What one router has found out about a provider spares the others their own failures. Only that it is down is taken over: each
 * finds out by its own probe when it is back. A report of our own changes nothing: that breaker is open.
 */
export const onProviderStateChanged = (bus: Bus, { upstreams, nowMs }: FleetNewsDeps): (() => void) =>
  onEventBroadcast(bus, providerStateChanged, (change) => {
    const isOld = nowMs() - Date.parse(change.at) > maxAgeMs;
    if (change.state !== "open" || isOld) return;
    upstreams.openedElsewhere(change.provider, change.modelFamily);
  });
