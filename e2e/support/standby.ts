import { copyFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { engineAccount, giveTo } from "@topdog/local-stack/engine-account";
import { type LocalPostgres, startPostgres } from "@topdog/local-stack/postgres";
import { takeBackup } from "./database-backup.ts";
import { until } from "./eventually.ts";
import { adminQuery } from "./ledger.ts";

const name = "standby";

/** Another server that follows a running one, in a folder of its own. */
export async function startStandby(primary: LocalPostgres, dataDir: string): Promise<LocalPostgres> {
  await mkdir(dataDir, { mode: 0o711 });
  const cluster = join(dataDir, "cluster");
  await takeBackup(primary, cluster);
  copyFileSync(join(primary.home, "superuser-password"), join(dataDir, "superuser-password"));
  writeFileSync(join(cluster, "standby.signal"), "", { mode: 0o600 });
  for (const path of [dataDir, join(dataDir, "superuser-password"), join(cluster, "standby.signal")])
    giveTo(engineAccount(), path);
  return startPostgres({
    dataDir,
    settings: {
      primary_conninfo: `${primary.adminUrl}?application_name=${name}`,
      wal_retrieve_retry_interval: "200ms",
    },
  });
}

/** What makes commits wait until the standby has them on disk. */
export const confirmEachCommit = [
  `alter system set synchronous_standby_names = '${name}'`,
  "select pg_reload_conf()",
] as const;

export const confirmsCommits = (primary: LocalPostgres): Promise<unknown> =>
  until(
    "the standby confirms commits",
    () =>
      adminQuery<{ state: string }>(
        { quotaDatabaseUrl: primary.adminUrl },
        "select sync_state as state from pg_stat_replication",
      ),
    (rows) => rows.some(({ state }) => state === "sync"),
  );
