import { pino } from "pino";
import { createLogOutput, type LogOutput } from "./log-output.ts";
import { sinkOf } from "./line-sink.ts";
import { scrubText } from "./scrub.ts";
import { serializeError } from "./serialize-error.ts";

export interface Logger extends pino.Logger {
  /** Where its lines go; `flush` it before the process ends. */
  readonly output: LogOutput;
  /** Lines that standard output did not take, since the start: its disk may be full. */
  readonly lostLines: () => number;
}

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /** Standard output when absent. */
  readonly destination?: pino.DestinationStream | undefined;
}

/**
 * JSON lines with ISO times and level names. Each is written before the call returns, so that nothing is lost when
 * the process is killed (`createLineLog` gathers them). An error goes under the key `err`, with its causes.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const standard = sinkOf(1);
  const output = createLogOutput(destination ?? standard);
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
      // The finished line is scrubbed: it holds at any depth, and pino's own redaction by path costs some 20 µs a line.
      hooks: { streamWrite: scrubText },
    },
    output,
  );
  return Object.assign(logger, { output, lostLines: () => standard.lost() });
}
