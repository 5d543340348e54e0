import { providerStateChanged } from "@topdog/contracts/events/provider-state-changed";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { LiveStreams } from "../store/live-streams.ts";
import type { OpenBreakers } from "../store/open-breakers.ts";
import type { Principals } from "../store/principals.ts";
import type { Permits } from "../store/permits.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";
import type { Sessions } from "../store/sessions.ts";
import { onLiveEvents } from "./on-live-events.ts";
import { onPermitsRecalled } from "./on-permits-recalled.ts";
import { onQuotaRecalled } from "./on-quota-recalled.ts";
import type { PrincipalChange } from "./principal-change.ts";

interface Receivers {
  readonly principals: Principals;
  readonly sessions: Sessions;
  readonly principalChanges: readonly PrincipalChange[];
  readonly leases: QuotaLeases;
  readonly permits: Permits;
  readonly streams: LiveStreams;
  readonly openBreakers: OpenBreakers;
}

/** The broadcasts that this process receives; after a reconnect it asks again about what it may have missed. */
export async function openBroadcasts(bus: Bus, receivers: Receivers): Promise<{ stop: () => void }> {
  const { principals, sessions, principalChanges, leases, permits, streams, openBreakers } = receivers;
  const stops = [
    ...principalChanges.map((change) => change.listen(bus)),
    onQuotaRecalled(bus, leases, permits),
    onPermitsRecalled(bus, permits),
    onLiveEvents(bus, streams),
    onEventBroadcast(bus, providerStateChanged, (change) => openBreakers.note(change)),
    bus.onReconnect(() => {
      principals.distrustAll();
      sessions.distrustAll();
      leases.sync.resyncAll();
    }),
  ];
  // The server has the subscriptions before the first key is resolved: no revocation in between is missed.
  await bus.nc.flush();
  return { stop: () => stops.forEach((stop) => stop()) };
}
