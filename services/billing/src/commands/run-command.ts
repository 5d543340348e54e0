import { createDatabase, type Database } from "@topdog/postgres/pool";
import { readCommandConfig } from "../config.ts";

export interface CommandDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly regulatedLineup: boolean;
}

/** Runs one operator command against the database; the running service's relay publishes its events. A failure ends with exit code 2. */
export async function runCommand(act: (deps: CommandDeps) => Promise<void>): Promise<void> {
  const { DATABASE_URL, REGULATED_LINEUP } = readCommandConfig();
  const db = createDatabase({ url: DATABASE_URL.reveal(), applicationName: "billing-command", maxConnections: 2 });
  try {
    await act({ db, nowMs: Date.now, regulatedLineup: REGULATED_LINEUP });
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  } finally {
    await db.destroy();
  }
}
