import { migrate } from "@topdog/postgres/migrate";
import { createDatabase } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { readCommandConfig } from "../config.ts";
import { ensurePartitions } from "../store/ledger.ts";

const partitionDaysAhead = 7;

const { DATABASE_URL } = readCommandConfig();
const db = createDatabase({ url: DATABASE_URL.reveal(), applicationName: "quota-migrate", maxConnections: 2 });
try {
  const applied = await migrate(db, new URL("../../migrations/", import.meta.url));
  console.log(applied.length === 0 ? "quota: up to date" : `quota: applied ${applied.join(", ")}`);
  await inTransaction(db, (trx) => ensurePartitions(trx, partitionDaysAhead));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
} finally {
  await db.destroy();
}
