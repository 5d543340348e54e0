import { randomUUID } from "node:crypto";
import { providerStateChanged, type ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { type Bus, type ConnectOptions, connectBus } from "@topdog/messaging/connect";
import { publishEvent } from "@topdog/messaging/publish";
import type { Logger } from "@topdog/telemetry/logger";
import { ZodError } from "zod";

export interface EventPublisher {
  /** Resolves when the bus has stored it; rejects at a deadline of seconds. Same id for the same usage, always. */
  publishUsage(usage: UsageConsumed): Promise<void>;
  /** Best effort: a report that is lost costs nothing but a dashboard's moment. */
  reportState(change: ProviderStateChanged): void;
  close(): Promise<void>;
}

const maxReportsInFlight = 64;

/** A record that does not fit its event's schema: no retry helps. */
export const isHopelessUsage = (error: unknown): boolean => error instanceof ZodError;

/** Connects in the background and for ever: the router serves while the bus is away, and its spool keeps what is owed. */
export function connectPublisher(options: Omit<ConnectOptions, "name"> & { readonly logger: Logger }): EventPublisher {
  const { logger } = options;
  let connected: Bus | null = null;
  let reportsInFlight = 0;
  const connecting = connectBus({ ...options, name: "llm-router" }).then((bus) => {
    connected = bus;
    return bus;
  });
  connecting.catch((error: unknown) =>
    logger.error({ err: error }, "the bus cannot be used: usage stays in the spool"),
  );

  return {
    async publishUsage(usage) {
      const bus = connected ?? (await connecting);
      const traceparent = usage.traceparent ?? undefined;
      await publishEvent(bus, usageConsumed, usage, { id: usageIdOf(usage), traceparent });
    },
    reportState(change) {
      if (connected === null || reportsInFlight >= maxReportsInFlight) return;
      reportsInFlight += 1;
      publishEvent(connected, providerStateChanged, change, { id: randomUUID() })
        .catch((error: unknown) => logger.warn({ err: error }, "a provider's state could not be reported"))
        .finally(() => (reportsInFlight -= 1));
    },
    close: async () => connected?.close(),
  };
}
