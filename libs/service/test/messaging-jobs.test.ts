import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { messagingJobs } from "../src/messaging-jobs.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: new URL("../../messaging/test/migrations/", import.meta.url) });
});
afterAll(() => database.drop());

async function run(name: string): Promise<void> {
  const job = messagingJobs(database.db, "billing").find((one) => one.name === name);
  if (job === undefined) throw new Error(`there is no job ${name}`);
  await job.run(new AbortController().signal);
}

test("the tables of messaging keep what is not sent yet and what the bus may deliver again, and nothing else for ever", async () => {
  await database.db.raw(`insert into outbox (id, subject, payload, created_at, sent_at) values
    ('unsent', 's', '{}', now() - interval '30 days', null), ('fresh', 's', '{}', now(), now()),
    ('old', 's', '{}', now(), now() - interval '2 hours')`);
  await database.db.raw(`insert into processed_event (consumer, event_id, processed_at) values
    ('billing-on-org-updated', 'fresh', now()), ('billing-on-org-updated', 'old', now() - interval '10 years'),
    ('another-on-org-updated', 'of another service', now() - interval '10 years')`);
  await run("delete-sent-events");
  await run("forget-processed-events");
  const ids = async (table: string, column: string): Promise<unknown[]> =>
    (await database.db(table).select(column).orderBy(column)).map((row: Record<string, unknown>) => row[column]);
  expect(await ids("outbox", "id")).toEqual(["fresh", "unsent"]);
  expect(await ids("processed_event", "event_id")).toEqual(["fresh", "of another service"]);
});
