import { byokSettingsChanged, credentialEvents } from "@topdog/contracts/events/credential-events";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { ByokCredentials } from "../clients/byok-credentials.ts";

/** Envelopes of a tenant whose credentials changed are forgotten at once. Returns how to stop. */
export function onCredentialsChanged(bus: Bus, credentials: ByokCredentials): () => void {
  const stops = [
    ...credentialEvents.map((event) => onEventBroadcast(bus, event, ({ tenant }) => credentials.drop(tenant))),
    onEventBroadcast(bus, byokSettingsChanged, ({ tenant }) => credentials.drop(tenant)),
    bus.onReconnect(() => credentials.distrustAll()),
  ];
  return () => stops.forEach((stop) => stop());
}
