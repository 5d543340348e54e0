import { randomBytes } from "node:crypto";
import type { Secret } from "@topdog/config/secret";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { readCommandConfig } from "../config.ts";
import { withAuditKeys } from "../store/audit-keys.ts";
import type { RegistryDeps } from "../usecases/change.ts";

/** Runs one operator command against the database; the running service's relay publishes its events. */
export async function runCommand(act: (deps: RegistryDeps) => Promise<void>): Promise<void> {
  const { DATABASE_URL, AUDIT_KEYS } = readCommandConfig();
  await runOn(DATABASE_URL, (db) => act({ db: withAuditKeys(db, AUDIT_KEYS), nowMs: Date.now, randomBytes }));
}

/** As `runCommand`, for what writes no audit. */
export async function runOn(databaseUrl: Secret, act: (db: Database) => Promise<void>): Promise<void> {
  const db = createDatabase({ url: databaseUrl.reveal(), applicationName: "org-registry-command", maxConnections: 2 });
  try {
    await act(db);
  } finally {
    await db.destroy();
  }
}
