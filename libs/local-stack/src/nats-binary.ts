import { accessSync, constants, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { takeLock } from "./lock-file.ts";
import { fetchNatsServer, isAtLeast, natsVersion, standardWays, type Way } from "./nats-fetch.ts";
import { natsServerPin } from "./pins.ts";

const fetchTimeoutMs = 600_000;
const toolsFolder = fileURLToPath(new URL("../../../.topdog/tools", import.meta.url));

/**
 * The path of a nats-server new enough for us: the one on PATH, else the one in `cacheDir`, else it is fetched there
 * at the pinned version with its checksum verified. Safe to call from several processes at once.
 */
export async function resolveNatsServer(options: {
  /** The checkout's `.topdog/tools` when absent. */
  cacheDir?: string;
  log?: (line: string) => void;
  /** Folders to look in, for PATH. */
  path?: string;
  /** How to fetch it, for the standard ways. */
  ways?: readonly Way[];
}): Promise<string> {
  const log = options.log ?? (() => undefined);
  const installed = onPath("nats-server", options.path ?? process.env["PATH"] ?? "");
  if (installed !== null && (await isNewEnough(installed))) return installed;
  const cached = join(options.cacheDir ?? toolsFolder, `nats-server-${natsServerPin.version}`);
  const lockPath = `${cached}.lock`;
  const deadlineMs = Date.now() + fetchTimeoutMs;
  while (!isExecutable(cached)) {
    const lock = takeLock(lockPath);
    if (!lock.held) {
      if (Date.now() > deadlineMs) throw new Error(`process ${lock.byPid} still fetches nats-server: ${lockPath}`);
      await sleep(200);
      continue;
    }
    try {
      if (!isExecutable(cached)) await fetchInto(cached, options.ways ?? standardWays, log);
    } finally {
      lock.release();
    }
  }
  return cached;
}

async function fetchInto(cached: string, ways: readonly Way[], log: (line: string) => void): Promise<void> {
  log(`fetching nats-server ${natsServerPin.version}`);
  const folder = `${cached}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    const fetched = await fetchNatsServer(folder, ways, log);
    if (!(await isNewEnough(fetched))) throw new Error(`the nats-server that was fetched, ${fetched}, does not run`);
    renameSync(fetched, cached);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isNewEnough(binary: string): Promise<boolean> {
  const version = await natsVersion(binary);
  return version !== null && isAtLeast(version, natsServerPin.leastVersion);
}

function onPath(name: string, path: string): string | null {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
