import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { Principals } from "../store/principals.ts";

/** A revoked key is refused by every gateway as soon as the event arrives. */
export const onApiKeyRevoked = (bus: Bus, principals: Principals): (() => void) =>
  onEventBroadcast(bus, apiKeyRevoked, ({ keyHash }) => principals.revoke(keyHash));
