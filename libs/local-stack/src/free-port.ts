import { randomInt } from "node:crypto";
import { accessSync, constants, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import getPort, { portNumbers } from "get-port";
import { isRunning } from "./process-table.ts";

// Below what Linux (32768+) and macOS (49152+) give to outgoing connections: one of those could take a port of ours
// while its server is down, and then it could not be restarted on it.
const lowestPort = 20_000;
const highestPort = 32_000;
const searchedPorts = 100;
/** Longer than from the choice of a platform's ports until it listens on them. */
const promisedMs = 120_000;

/**
 * A port that nobody listens on, and that no process of this user is given while this one runs, nor in the next two minutes. A program
 * that asks nobody may take it before it is used: retry then.
 */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    // Test processes look for ports at the same time: each begins its search somewhere else.
    const first = randomInt(lowestPort, highestPort);
    const port = await getPort({ host, port: portNumbers(first, first + searchedPorts) });
    if (promise(port)) return port;
  }
}

/** Ports are the machine's, and a run of the tests has a TMPDIR of its own. */
const machineFolder = isWritable("/tmp") ? "/tmp" : tmpdir();
const folder = join(machineFolder, `topdog-ports-${userInfo().uid}`);

/** Names the process that was given a port last; when, its time says. It is never removed. */
export const promiseOf = (port: number): string => join(folder, String(port));

/** False when another process was given it just now, or has been given it and runs. */
function promise(port: number): boolean {
  const file = promiseOf(port);
  const own = String(process.pid);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, own, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = Number(readFileSync(file, "utf8"));
  if (Date.now() - statSync(file).mtimeMs < promisedMs || (holder > 0 && isRunning(holder))) return false;
  writeFileSync(file, own);
  return true;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** True when a listener could be opened on this port now. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
