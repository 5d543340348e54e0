import { spawnSync } from "node:child_process";
import { chownSync, readFileSync } from "node:fs";

/** The user that Postgres runs as: it refuses to run as root. */
export interface EngineAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Null when this process is a normal user, who runs Postgres as himself. Throws as root without such a user. */
export function engineAccount(): EngineAccount | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error("Postgres does not run as root, and this system has neither a user postgres nor nobody: add one");
}

export function giveTo(account: EngineAccount | null, path: string): void {
  if (account !== null) chownSync(path, account.uid, account.gid);
}

/** Asks the system itself, so that ACLs, mounts and link targets count. */
export function canEnter(account: EngineAccount | null, directory: string): boolean {
  if (account === null) return true;
  return spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", directory], { ...account, cwd: "/" }).status === 0;
}
