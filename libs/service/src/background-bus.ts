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

/** `connect` gives up when its signal fires, so that nothing of it is left after a stop. */
export function connectInBackground(connect: (signal: AbortSignal) => Promise<Bus>, logger: Logger): BackgroundBus {
  const stopping = new AbortController();
  let connected: Bus | null = null;
  const first = connect(stopping.signal).then(async (bus) => {
    if (stopping.signal.aborted) await bus.close();
    connected = bus;
    return bus;
  });
  first.catch((error: unknown) => {
    if (!stopping.signal.aborted) logger.error({ err: error }, "the bus cannot be used");
  });
  return {
    now: () => connected,
    whenConnected: () => first,
    close: async () => {
      stopping.abort();
      await connected?.close();
    },
  };
}
