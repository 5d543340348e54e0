import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EngineAccount, giveTo } from "./engine-account.ts";
import { awaitGone } from "./process.ts";
import { commandLineOf, isRunning } from "./process-table.ts";

export interface Cluster {
  readonly directory: string;
  /** Of the superuser, `postgres`. */
  readonly password: string;
}

/** Opens the cluster in `home`, making it when there is none: either a whole one stands there afterwards or nothing. */
export async function openCluster(
  home: string,
  binaries: string,
  account: EngineAccount | null,
  takeoverTimeoutMs: number,
): Promise<Cluster> {
  const directory = join(home, "cluster");
  const passwordFile = join(home, "superuser-password");
  if (!existsSync(directory)) {
    const unfinished = `${directory}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { mode: 0o700 });
    giveTo(account, unfinished);
    writeFileSync(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    giveTo(account, passwordFile);
    await runInitdb(unfinished, passwordFile, binaries, account);
    renameSync(unfinished, directory);
  }
  await clearStaleLock(directory, takeoverTimeoutMs);
  return { directory, password: readFileSync(passwordFile, "utf8") };
}

function runInitdb(directory: string, passwordFile: string, binaries: string, account: EngineAccount | null) {
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  // Not synced: if the machine loses power within seconds of the very first start, wipe the folder and start again.
  const args = ["-D", directory, ...locale, ...access, "--no-sync", "--no-instructions"];
  return new Promise<void>((resolve, reject) => {
    const child = spawn(join(binaries, "bin/initdb"), args, {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
      ...account,
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString("utf8")));
    child.stderr.on("data", (text: Buffer) => (output += text.toString("utf8")));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`initdb failed (${code}):\n${output}`))));
  });
}

/**
 * After kill -9 the pid file names a process that is gone, or whose id now belongs to another program: Postgres would
 * refuse to start then. A Postgres that really serves this cluster still is given time to end.
 */
async function clearStaleLock(directory: string, timeoutMs: number): Promise<void> {
  const pidFile = join(directory, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  const serves = (): boolean =>
    pid > 0 && isRunning(pid) && (commandLineOf(pid) ?? directory).includes(directory) && existsSync(pidFile);
  if (!(await awaitGone(() => !serves(), timeoutMs))) {
    throw new Error(`another Postgres, process ${pid}, uses ${directory}: stop it first`);
  }
  rmSync(pidFile, { force: true });
}
