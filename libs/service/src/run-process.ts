import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@topdog/telemetry/logger";
import { shutdownTracing } from "@topdog/telemetry/tracing";
import closeWithGrace from "close-with-grace";

export interface Running {
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly logger: Logger;
  /** Rejects once what it had opened is released, when the signal is aborted before all is there. */
  readonly start: (stopping: AbortSignal) => Promise<Running>;
  /** How long requests in flight may go on after a signal, in milliseconds. */
  readonly graceMs: number;
}

/** Errors end the process at once, below; of the signals only SIGTERM and SIGINT ask it to stop. */
const leftAlone: closeWithGrace.AllEvents[] = [
  "uncaughtException",
  "unhandledRejection",
  "beforeExit",
  "SIGHUP",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGUSR2",
];
/** After the grace for requests: time to flush, to close pools and to send the last spans. */
const closingMs = 5000;
const tracingFlushMs = 2000;

/**
 * Runs a process: starts it, says "ready", stops it once on SIGTERM or SIGINT, in mid-start too, and exits 0. Exits 1 when the start or the
 * stop fails, on a second signal, when the deadline passes, and on an error that nobody caught.
 */
export async function runProcess({ name, logger, start, graceMs }: ProcessOptions): Promise<void> {
  const die = (reason: string, error?: unknown): never => {
    logger.fatal({ err: error }, reason);
    process.exit(1);
  };
  process.once("exit", () => logger.output.flush());
  process.on("uncaughtException", (error) => die("uncaught exception", error));
  process.on("unhandledRejection", (error) => die("unhandled rejection", error));

  const stopping = new AbortController();
  closeWithGrace(
    {
      delay: graceMs + closingMs,
      logger: false,
      skip: leftAlone,
      onSecondSignal: (signal) => die(`${signal} again: exiting at once`),
      onTimeout: () => die("the stop took longer than its deadline"),
    },
    async ({ signal }) => {
      logger.info({ signal, graceMs }, "stopping");
      stopping.abort();
      try {
        const running = await starting.catch((error: unknown) => {
          if (error !== stopping.signal.reason) logger.info({ err: error }, "the start ended with the stop");
        });
        await running?.stop();
        await Promise.race([shutdownTracing(), sleep(tracingFlushMs)]);
      } catch (error) {
        die("the stop failed", error);
      }
      logger.info("stopped");
    },
  );

  const starting = start(stopping.signal);
  try {
    await starting;
  } catch (error) {
    if (!stopping.signal.aborted) die("the start failed", error);
    return;
  }
  if (!stopping.signal.aborted) logger.info({ name, pid: process.pid }, "ready");
}
