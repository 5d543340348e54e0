import { migrate } from "@topdog/postgres/migrate";
import { readMigrationConfig } from "../config.ts";
import { runOn } from "./run-command.ts";

await runOn(readMigrationConfig().DATABASE_URL, async (db) => {
  const applied = await migrate(db, new URL("../../migrations/", import.meta.url));
  console.log(applied.length === 0 ? "org-registry: up to date" : `org-registry: applied ${applied.join(", ")}`);
});
