import { join } from "node:path";
import { type ManagedProcess, startProcess } from "@topdog/local-stack/process";

const folder = join(import.meta.dirname, "../services/web");
const host = "127.0.0.1";

/** The web app from its sources by Vite, in front of the gateway. Rejects when it does not come up: its port may be taken. */
export async function serveWebSources(gatewayUrl: string, port: number, logFile: string): Promise<ManagedProcess> {
  const vite = startProcess({
    name: "the web app's watch",
    entry: join(folder, "node_modules/vite/bin/vite.js"),
    cwd: folder,
    env: { TOPDOG_GATEWAY: gatewayUrl, TOPDOG_WEB_PORT: String(port) },
    logFile,
    readyUrl: `http://${host}:${port}/`,
  });
  await vite.ready;
  return vite;
}
