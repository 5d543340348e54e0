import { pino } from "pino";
import { scrubText } from "./scrub.ts";
import { serializeError } from "./serialize-error.ts";

export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /** Standard output when absent. */
  readonly destination?: pino.DestinationStream | undefined;
}

/**
 * JSON lines with ISO times and level names. Writes are synchronous: nothing is lost when the process is killed,
 * and at our rates it costs less than the worker thread. An error goes under the key `err`, with its causes.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
      // The finished line is scrubbed: it holds at any depth, and pino's own redaction by path costs some 20 µs a line.
      hooks: { streamWrite: scrubText },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
