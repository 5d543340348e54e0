import type { EventDefinition } from "@topdog/contracts/event";
import type { Bus } from "@topdog/messaging/connect";
import { decodePayload } from "@topdog/messaging/envelope";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { MissedChange } from "../usecases/catch-up.ts";

/** An event of org-registry that changes what is known about keys: heard as a broadcast, and asked for in case it was missed. */
export interface PrincipalChange extends MissedChange {
  /** Returns how to stop. */
  listen(bus: Bus): () => void;
}

export const principalChange = <T>(event: EventDefinition<T>, apply: (payload: T) => void): PrincipalChange => ({
  subject: event.subject,
  listen: (bus) => onEventBroadcast(bus, event, apply),
  applyText: (payload) => {
    const decoded = decodePayload(event, payload);
    if (decoded.ok) apply(decoded.payload);
    return decoded.ok;
  },
});
