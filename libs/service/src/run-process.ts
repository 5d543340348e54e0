import type { Logger } from "@topdog/telemetry/logger";
import { shutdownTracing } from "@topdog/telemetry/tracing";

export interface Running {
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly start: () => Promise<Running>;
  /** How long requests in flight may go on after a signal, in milliseconds. */
  readonly graceMs: number;
}

/** After the grace for requests: time to flush, to close pools and to send the last spans. */
const closingMs = 5000;
const tracingFlushMs = 2000;

/**
 * Runs a process: starts it, says "ready", stops it once on SIGTERM or SIGINT and exits 0. Exits 1 when the start or the
 * stop fails, on a second signal, when the deadline passes, and on an error that nobody caught.
 */
export async function runProcess({ name, logger, start, graceMs }: ProcessOptions): Promise<void> {
  const die = (reason: string, error?: unknown): never => {
    logger.fatal({ err: error }, reason);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => die("uncaught exception", error));
  process.on("unhandledRejection", (error) => die("unhandled rejection", error));

  let running: Running | undefined;
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) die(`${signal} again: exiting at once`);
    stopping = true;
    logger.info({ signal, graceMs }, "stopping");
    setTimeout(die, graceMs + closingMs, "the stop took longer than its deadline").unref();
    if (running === undefined) process.exit(0);
    void stop(running);
  };
  const stop = async (service: Running): Promise<void> => {
    try {
      await service.stop();
      await Promise.race([shutdownTracing(), new Promise((resolve) => setTimeout(resolve, tracingFlushMs))]);
    } catch (error) {
      die("the stop failed", error);
    }
    logger.info("stopped");
    process.exit(0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);

  try {
    running = await start();
  } catch (error) {
    die("the start failed", error);
  }
  logger.info({ name, pid: process.pid }, "ready");
}
