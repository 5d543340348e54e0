import { migrate } from "@topdog/postgres/migrate";
import { createDatabase } from "@topdog/postgres/pool";
import { readCommandConfig } from "../config.ts";

const { DATABASE_URL } = readCommandConfig();
const db = createDatabase({ url: DATABASE_URL.reveal(), applicationName: "llm-router-migrate", maxConnections: 2 });
try {
  const applied = await migrate(db, new URL("../../migrations/", import.meta.url));
  console.log(applied.length === 0 ? "llm-router: up to date" : `llm-router: applied ${applied.join(", ")}`);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
} finally {
  await db.destroy();
}
