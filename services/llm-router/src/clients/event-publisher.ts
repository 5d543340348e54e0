import { randomUUID } from "node:crypto";
import { providerStateChanged, type ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { publishEvent } from "@topdog/messaging/publish";
import type { BackgroundBus } from "@topdog/service/background-bus";
import type { Logger } from "@topdog/telemetry/logger";
import { ZodError } from "zod";

export interface EventPublisher {
  /** Resolves when the bus has stored it; rejects at a deadline of seconds. Same id for the same usage, always. */
  publishUsage(usage: UsageConsumed): Promise<void>;
  /** Best effort: a report that is lost costs nothing but a dashboard's moment. */
  reportState(change: ProviderStateChanged): void;
}

const maxReportsInFlight = 64;

/** A record that does not fit its event's schema: no retry helps. */
export const isHopelessUsage = (error: unknown): boolean => error instanceof ZodError;

/** Over a bus that may come later: what cannot be published yet is the caller's to keep. */
export function createEventPublisher(bus: BackgroundBus, logger: Logger): EventPublisher {
  let reportsInFlight = 0;
  return {
    async publishUsage(usage) {
      const connected = bus.now() ?? (await bus.whenConnected());
      const traceparent = usage.traceparent ?? undefined;
      await publishEvent(connected, usageConsumed, usage, { id: usageIdOf(usage), traceparent });
    },
    reportState(change) {
      const connected = bus.now();
      if (connected === null || reportsInFlight >= maxReportsInFlight) return;
      reportsInFlight += 1;
      publishEvent(connected, providerStateChanged, change, { id: randomUUID() })
        .catch((error: unknown) => logger.warn({ err: error }, "a provider's state could not be reported"))
        .finally(() => (reportsInFlight -= 1));
    },
  };
}
