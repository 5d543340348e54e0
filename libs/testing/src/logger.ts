import { createLogger, type Logger } from "@topdog/telemetry/logger";

/** Writes nothing: a test that expects an error should not print one. */
export function silentLogger(): Logger {
  return createLogger({ service: "test", level: "silent" });
}
