import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@topdog/local-stack/free-port";
import { startProcess } from "@topdog/local-stack/process";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";

const version = "1.15.2";
const host = "127.0.0.1";
const installTimeoutMs = 180_000;
const run = promisify(execFile);

export interface Portkey {
  readonly port: number;
  readonly pid: number;
  /** Headers that tell it, with each request, where to send the call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Portkey's gateway from its npm package, in a scratch folder: a peer to compare with, never a dependency. */
export async function startPortkey(providerPort: number): Promise<Portkey> {
  const folder = makeScratchFolder("bench-portkey");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench-portkey", private: true }));
  const flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `@portkey-ai/gateway@${version}`];
  await run("npm", flags, { cwd: folder, timeout: installTimeoutMs });
  const port = await freePort(host);
  const server = startProcess({
    name: "portkey",
    entry: join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js"),
    args: [`--port=${port}`, "--headless"],
    cwd: folder,
    env: { NODE_ENV: "production" },
    logFile: join(folder, "portkey.log"),
    readyUrl: `http://${host}:${port}/`,
  });
  await server.ready;
  return {
    port,
    pid: server.pid,
    headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": `http://${host}:${providerPort}/v1` },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
