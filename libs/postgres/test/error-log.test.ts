import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createLogger } from "@topdog/telemetry/logger";
import { emptyDatabase, type TestDatabase } from "@topdog/testing/postgres";

let database: TestDatabase;

beforeAll(async () => {
  database = await emptyDatabase();
  await database.db.raw("create table person (email text primary key, age int check (age > 0))");
});
afterAll(() => database.drop());

test("a failed statement is logged without the values that it was given or that a row holds", async () => {
  const { db } = database;
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: "quota", level: "info", destination });
  const insert = (email: string, age: number): Promise<void> =>
    db("person")
      .insert({ email, age })
      .then(
        () => undefined,
        (cause: unknown) => logger.error({ err: new Error("failed", { cause }) }, "failed"),
      );
  await insert("canary@example.test", 7);
  await insert("canary@example.test", 7);
  await insert("canary-2@example.test", -7);
  expect(lines).toHaveLength(2);
  expect(lines.join()).toContain("person_pkey");
  expect(lines.join()).not.toContain("canary");
});
