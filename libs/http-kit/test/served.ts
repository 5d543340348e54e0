import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { createLogger, type Logger } from "@topdog/telemetry/logger";

const open: Server[] = [];

/** Listens on a free loopback port; `closeServed` in afterEach ends it. */
export async function serve(server: Server): Promise<string> {
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeServed(): Promise<void> {
  for (const server of open.splice(0)) {
    if (!server.listening) continue;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A logger whose lines can be read back. */
export function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { logger: createLogger({ service: "sample", level: "info", destination: { write } }), lines };
}
