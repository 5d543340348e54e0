import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineAccount, giveTo } from "@topdog/local-stack/engine-account";
import type { LocalPostgres } from "@topdog/local-stack/postgres";
import { Client } from "pg";

/** A copy of a cluster as it was at one moment, which a server can be started on. */
export interface DatabaseBackup {
  readonly folder: string;
  /** Unix milliseconds: all that was committed before it is in the copy. */
  readonly fromMs: number;
}

const clusterOf = ({ home }: LocalPostgres): string => join(home, "cluster");

/** What only the server that is copied may have, and its log, which is copied last. */
const leftOut = ["postmaster.pid", "postmaster.opts", "pg_replslot", "pg_wal"];

/** Copies with owners and modes. Files that a running server removes meanwhile are of no use to the copy: its log has what they held. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const child = spawn("cp", ["-a", from, to], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  const failures = said.split("\n").filter((line) => line !== "" && !line.includes("No such file or directory"));
  if (failures.length > 0) throw new Error(`${from} cannot be copied:\n${failures.join("\n")}`);
}

/** A base backup of a running server, into a folder that does not exist yet, by Postgres's own low-level functions. */
export async function takeBackup(postgres: LocalPostgres, folder: string): Promise<DatabaseBackup> {
  const cluster = clusterOf(postgres);
  const account = engineAccount();
  const client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
  try {
    const fromMs = Date.now();
    // Until this connection ends no part of the log is removed that the copy needs.
    await client.query("select pg_create_physical_replication_slot('backup', true, true)");
    await client.query("select pg_backup_start('backup', true)");
    await copyFolder(cluster, folder);
    for (const name of leftOut) rmSync(join(folder, name), { recursive: true, force: true });
    const { rows } = await client.query<{ label: string }>("select labelfile as label from pg_backup_stop(false)");
    await copyFolder(join(cluster, "pg_wal"), folder);
    mkdirSync(join(folder, "pg_replslot"), { mode: 0o700 });
    writeFileSync(join(folder, "backup_label"), rows[0]?.label ?? "", { mode: 0o600 });
    for (const name of ["pg_replslot", "backup_label"]) giveTo(account, join(folder, name));
    return { folder, fromMs };
  } finally {
    await client.end();
  }
}

/** The server goes back to what it was when the backup was taken. All that was committed since is gone. */
export async function restoreBackup(postgres: LocalPostgres, { folder }: DatabaseBackup): Promise<void> {
  const cluster = clusterOf(postgres);
  await postgres.stop("fast");
  rmSync(cluster, { recursive: true });
  await copyFolder(folder, cluster);
  await postgres.restart();
}
