import { randomBytes } from "node:crypto";
import { AppError } from "@topdog/errors/app-error";
import { createDatabase } from "@topdog/postgres/pool";
import { readCommandConfig } from "../config.ts";
import type { RegistryDeps } from "../usecases/change.ts";

/**
 * Runs one operator command against the database; the running service's relay publishes its events. A refusal prints what is
 * wrong and ends with exit code 1, any other failure with 2.
 */
export async function runCommand(act: (deps: RegistryDeps) => Promise<void>): Promise<void> {
  const { DATABASE_URL } = readCommandConfig();
  const db = createDatabase({ url: DATABASE_URL.reveal(), applicationName: "org-registry-command", maxConnections: 2 });
  try {
    await act({ db, nowMs: Date.now, randomBytes });
  } catch (error) {
    const refused = error instanceof AppError;
    console.error(`error: ${refused ? error.detail : error instanceof Error ? error.message : String(error)}`);
    process.exitCode = refused ? 1 : 2;
  } finally {
    await db.destroy();
  }
}
