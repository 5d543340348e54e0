import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import getPort, { portNumbers } from "get-port";

// Below what Linux (32768+) and macOS (49152+) give to outgoing connections: one of those could take a port of ours
// while its server is down, and then it could not be restarted on it.
const lowestPort = 20_000;
const highestPort = 32_000;
const searchedPorts = 100;

/** A port that nobody listens on. It may be taken by the time it is used: retry then. */
export function freePort(host: string): Promise<number> {
  // Test processes look for ports at the same time: each begins its search somewhere else.
  const first = randomInt(lowestPort, highestPort);
  return getPort({ host, port: portNumbers(first, first + searchedPorts) });
}

/** True when a listener could be opened on this port now. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
