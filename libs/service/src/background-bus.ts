import type { Bus } from "@topdog/messaging/connect";
import type { Logger } from "@topdog/telemetry/logger";

/** A bus that may not be there yet. */
export interface BackgroundBus {
  /** Null until the first connection, which may never come. */
  now(): Bus | null;
  /** Waits for the first connection; rejects when the bus can never be used. */
  whenConnected(): Promise<Bus>;
  close(): Promise<void>;
}

export function connectInBackground(connecting: Promise<Bus>, logger: Logger): BackgroundBus {
  let connected: Bus | null = null;
  let closing = false;
  const first = connecting.then(async (bus) => {
    if (closing) await bus.close();
    connected = bus;
    return bus;
  });
  first.catch((error: unknown) => logger.error({ err: error }, "the bus cannot be used"));
  return {
    now: () => connected,
    whenConnected: () => first,
    close: async () => {
      closing = true;
      await connected?.close();
    },
  };
}
