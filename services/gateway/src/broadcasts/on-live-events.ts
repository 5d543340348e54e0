import type { EventDefinition } from "@topdog/contracts/event";
import { apiKeyChanged, apiKeyCreated, type ApiKeyFact, apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import {
  byokSettingsChanged,
  credentialAdded,
  credentialChanged,
  type CredentialFact,
  credentialRevoked,
} from "@topdog/contracts/events/credential-events";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { providerStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import { audienceOf, orgIdOf, seesCredential, seesKey, seesMember } from "../domain/live-event.ts";
import type { LiveStreams } from "../store/live-streams.ts";

/** Tells pages what happens to their person and their org, as the bus brings it. Returns how to stop. */
export function onLiveEvents(bus: Bus, streams: LiveStreams): () => void {
  const key = (event: EventDefinition<ApiKeyFact>, change: string) =>
    onEventBroadcast(bus, event, (fact) => {
      const { keyId, userId, orgId } = fact;
      const audience = orgId === null ? { userId } : { orgId };
      streams.tell(audience, { name: "key", data: { orgId, keyId, userId, change } }, (who) => seesKey(who, fact));
    });
  const credential = (event: EventDefinition<CredentialFact>, change: string) =>
    onEventBroadcast(bus, event, (fact) => {
      const audience = audienceOf(fact.tenant);
      const { credentialId, provider } = fact;
      const data = { orgId: orgIdOf(audience), credentialId, provider, change };
      streams.tell(audience, { name: "credential", data }, (who) => seesCredential(who, fact));
    });
  const stops = [
    key(apiKeyCreated, "created"),
    key(apiKeyChanged, "changed"),
    key(apiKeyRevoked, "revoked"),
    credential(credentialAdded, "added"),
    credential(credentialChanged, "changed"),
    credential(credentialRevoked, "revoked"),
    onEventBroadcast(bus, byokSettingsChanged, (fact) => {
      const audience = audienceOf(fact.tenant);
      const { capacity, fallback } = fact;
      const data = { orgId: orgIdOf(audience), capacity, fallback };
      streams.tell(audience, { name: "byok", data }, (who) => seesCredential(who, fact));
    }),
    onEventBroadcast(bus, subscriptionUpdated, ({ owner, plan, seats, interval, status }) => {
      const audience = audienceOf(owner);
      streams.tell(audience, {
        name: "subscription",
        data: { orgId: orgIdOf(audience), plan, seats, interval, status },
      });
    }),
    onEventBroadcast(bus, orgUpdated, ({ orgId }) => streams.tell({ orgId }, { name: "org", data: { orgId } })),
    onEventBroadcast(bus, memberChanged, (fact) => {
      const { orgId, userId, role, active, removed } = fact;
      const event = { name: "member", data: { orgId, userId, role, active, removed } } as const;
      streams.tell({ orgId }, event, (who) => seesMember(who, fact));
      // What they may see is decided anew.
      streams.endMember(orgId, userId);
    }),
    onEventBroadcast(bus, providerStateChanged, ({ provider, modelFamily, state, routerId, at }) =>
      streams.tell("operators", { name: "provider", data: { provider, modelFamily, state, routerId, at } }),
    ),
    onEventBroadcast(bus, sessionRevoked, ({ tokenHash }) => streams.endSession(tokenHash)),
    // What happens meanwhile is not told again: pages listen anew and read everything, those too that began while the bus was away.
    bus.onDisconnect(() => streams.endAll("resync")),
    bus.onReconnect(() => streams.endAll("resync")),
  ];
  return () => stops.forEach((stop) => stop());
}
