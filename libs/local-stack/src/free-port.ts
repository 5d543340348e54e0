import { randomInt } from "node:crypto";
import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import getPort, { portNumbers } from "get-port";

// Below what Linux (32768+) and macOS (49152+) give to outgoing connections: one of those could take a port of ours
// while its server is down, and then it could not be restarted on it.
const lowestPort = 20_000;
const highestPort = 32_000;
const searchedPorts = 100;
/** Longer than from the choice of a platform's ports until it listens on them. */
const promisedMs = 120_000;

/**
 * A port that nobody listens on, and that no process of this user is given for the next two minutes. A program that asks nobody
 * may take it before it is used: retry then.
 */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    // Test processes look for ports at the same time: each begins its search somewhere else.
    const first = randomInt(lowestPort, highestPort);
    const port = await getPort({ host, port: portNumbers(first, first + searchedPorts) });
    if (promise(port)) return port;
  }
}

/** False when another process was given it just now. A file for each port says when: it is never removed, and no longer than its name. */
function promise(port: number): boolean {
  const folder = join(tmpdir(), `topdog-ports-${userInfo().uid}`);
  const file = join(folder, String(port));
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, "", { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (Date.now() - statSync(file).mtimeMs < promisedMs) return false;
  utimesSync(file, new Date(), new Date());
  return true;
}

/** True when a listener could be opened on this port now. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
