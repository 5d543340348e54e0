import { utcDaySchema } from "@topdog/contracts/quota";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { InvalidArgumentError } from "commander";
import { readDatabaseUrl } from "../config.ts";

/** Runs one operator command against the database. */
export async function runCommand(act: (db: Database) => Promise<void>): Promise<void> {
  const url = readDatabaseUrl().reveal();
  const db = createDatabase({ url, applicationName: "quota-command", maxConnections: 1 });
  try {
    await act(db);
  } finally {
    await db.destroy();
  }
}

export function parseDay(text: string): string {
  const day = utcDaySchema.safeParse(text);
  if (!day.success) throw new InvalidArgumentError("a day is written as 2026-11-25");
  return day.data;
}
