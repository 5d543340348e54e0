import { createServer } from "node:net";

/** Asks the system for a port that nobody listens on. It may be taken by the time it is used: retry then. */
export function freePort(host: string): Promise<number> {
  return listenOnce(host, 0);
}

/** True when a listener could be opened on this port now. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  try {
    await listenOnce(host, port);
    return true;
  } catch {
    return false;
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const opened = address !== null && typeof address === "object" ? address.port : port;
      server.close(() => resolve(opened));
    });
  });
}
