import { rmSync } from "node:fs";
import { createRequire } from "node:module";

const { Client } = createRequire(new URL("../libs/local-stack/package.json", import.meta.url))("pg");

/** Stops what the setup started: no process and no folder is left. Fails the run when a test left its database behind. */
export default async function globalTeardown() {
  const { server, postgres } = globalThis.topdogTestEngines;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const started = await postgres.started()?.catch(() => undefined);
  if (started === undefined) return;
  const leaked = await leakedDatabases(started.value).catch((error) => [String(error)]);
  await started.stop();
  for (const folder of started.folders) rmSync(folder, { recursive: true, force: true });
  if (leaked.length > 0) throw new Error(`test databases were not dropped, made in:\n${leaked.join("\n")}`);
}

/** Where each test database that still exists was made: its comment says so. */
async function leakedDatabases(url) {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query(
    "select coalesce(shobj_description(oid, 'pg_database'), datname) as place from pg_database where datname like 'test\\_%'",
  );
  await admin.end();
  return rows.map((row) => row.place);
}
