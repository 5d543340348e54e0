import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { processIdentity } from "./process-table.ts";

export type LockAttempt = { readonly held: true; release(): void } | { readonly held: false; readonly byPid: number };

interface Holder {
  readonly pid: number;
  readonly identity: string | null;
}

/** Takes a lock that belongs to this process and is void once this process is gone, however it ended. */
export function takeLock(path: string): LockAttempt {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  const mine: Holder = { pid: process.pid, identity: processIdentity(process.pid) };
  writeFileSync(own, JSON.stringify(mine));
  try {
    for (;;) {
      if (linked(own, path)) return { held: true, release: () => rmSync(path, { force: true }) };
      const holder = readHolder(path);
      if (holder !== null && isAlive(holder)) return { held: false, byPid: holder.pid };
      removeStale(path, own, holder);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** link(2) is atomic and fails when the name exists: the file appears with its content or not at all. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

const isAlive = (holder: Holder): boolean =>
  holder.identity !== null && processIdentity(holder.pid) === holder.identity;

/** Moves the stale file aside first: if another process replaced it meanwhile, that one's lock is put back. */
function removeStale(path: string, own: string, stale: Holder | null): void {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== null && moved.identity !== stale?.identity) linked(aside, path);
  rmSync(aside, { force: true });
}
