import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { dumpSchema } from "@topdog/postgres/schema-dump";
import { testDatabase } from "@topdog/testing/postgres";
import { ensurePartitions } from "../src/store/ledger.ts";
import { migrations } from "./platform.ts";

test("the migrations make exactly the committed schema", async () => {
  const database = await testDatabase({ migrations });
  try {
    const committed = await readFile(new URL("schema.sql", migrations), "utf8");
    expect(await dumpSchema(database.db)).toBe(committed);
  } finally {
    await database.drop();
  }
});

test("ledger partitions are made ahead, once, and never for a day that already fell into the net", async () => {
  const database = await testDatabase({ migrations });
  try {
    const { db } = database;
    await db.raw(
      "insert into ledger (lease_id, seq, entry, day, meter, amount, state) values (1, 1, 'charge', utc_today() + 1, 'api_calls', 1, 'admitted')",
    );
    const make = () => db.transaction((trx) => ensurePartitions(trx, 3));
    expect(await make()).toBe(3);
    expect(await make()).toBe(0);
    const { rows } = await db.raw<{ rows: { part: string }[] }>(
      `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
       values (1, 1, 'charge', utc_today(), 'api_calls', 1, 'admitted') returning tableoid::regclass::text as part`,
    );
    expect(rows[0]?.part).toMatch(/^ledger_\d{8}$/);
  } finally {
    await database.drop();
  }
});
