import { copyFileSync, existsSync, readdirSync, renameSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";

export interface LogRotationOptions {
  readonly folder: string;
  /** A log larger than this is moved aside; 16 MiB when absent. */
  readonly maxBytes?: number;
  /** Older files kept of each log, as `name.log.1`, `name.log.2`; 3 when absent. */
  readonly keptFiles?: number;
  /** Time between two checks; 10 s when absent. */
  readonly intervalMs?: number;
}

const defaultMaxBytes = 16 * 1024 * 1024;
const defaultKeptFiles = 3;
const defaultIntervalMs = 10_000;

/** Bounds the logs of a folder for as long as it runs. Returns how to stop it. */
export function startLogRotation(options: LogRotationOptions): () => void {
  const rotate = (): void => rotateLogs(options);
  const timer = setInterval(rotate, options.intervalMs ?? defaultIntervalMs).unref();
  rotate();
  return () => clearInterval(timer);
}

/**
 * Copies each log that is too large aside and empties it in place: the processes that write to it keep their open file, which
 * appends. What is written between the copy and the emptying is lost.
 */
export function rotateLogs({ folder, maxBytes = defaultMaxBytes, keptFiles = defaultKeptFiles }: LogRotationOptions) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".log"))) {
    const log = join(folder, name);
    if (statSync(log).size <= maxBytes) continue;
    for (let age = keptFiles - 1; age >= 1; age -= 1) {
      if (existsSync(`${log}.${age}`)) renameSync(`${log}.${age}`, `${log}.${age + 1}`);
    }
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  }
}
