import { randomUUID } from "node:crypto";
import { providerStateChanged, type ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { type EventBatch, maxBatchBytes } from "@topdog/messaging/event-batch";
import { publishBatch, publishEvent } from "@topdog/messaging/publish";
import type { BackgroundBus } from "@topdog/service/background-bus";
import type { Logger } from "@topdog/telemetry/logger";

export interface EventPublisher {
  /** Resolves when the bus has stored the batch; rejects at a deadline of seconds. */
  publishUsage(batch: EventBatch): Promise<void>;
  /** The largest batch that the bus takes. */
  maxBatchBytes(): number;
  /** Best effort: a lost report only leaves a gap in a dashboard. */
  reportState(change: ProviderStateChanged): void;
}

const maxReportsInFlight = 64;

/** A record that is larger than any message may be: no retry helps. */
export const isHopelessUsage = (error: unknown): boolean => error instanceof RangeError;

/** The bus may connect later: the caller must keep what cannot be published yet. */
export function createEventPublisher(bus: BackgroundBus, logger: Logger): EventPublisher {
  let reportsInFlight = 0;
  return {
    async publishUsage(batch) {
      const connected = bus.now() ?? (await bus.whenConnected());
      await publishBatch(connected, usageConsumed, batch);
    },
    maxBatchBytes: () => maxBatchBytes(bus.now()?.nc.info?.max_payload),
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
