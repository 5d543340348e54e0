import { memberChanged } from "@topdog/contracts/events/org-events";
import type { Bus } from "@topdog/messaging/connect";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { Principals } from "../store/principals.ts";

/** A member's role or seat changed: what is cached about their org keys is out of date. */
export const onMemberChanged = (bus: Bus, principals: Principals): (() => void) =>
  onEventBroadcast(bus, memberChanged, (change) => principals.dropMember(change));
