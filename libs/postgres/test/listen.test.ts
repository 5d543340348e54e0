import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { emptyDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { listen } from "../src/listen.ts";

const channel = "news";
/** As Postgres keeps it of a connection that listens and has done nothing else since. */
const listeners = "select pid from pg_stat_activity where query = 'listen news' and datname = current_database()";

let scratch: TestDatabase;
let heard: number;
let lost: unknown[];
let stop: () => Promise<void>;

beforeEach(async () => {
  scratch = await emptyDatabase();
  heard = 0;
  lost = [];
  stop = listen({
    db: scratch.db,
    channel,
    onNotified: () => (heard += 1),
    onLost: (error) => lost.push(error),
  });
  await eventually(() => expect(heard).toBe(1));
});
afterEach(async () => {
  await stop();
  await scratch.drop();
});

const notify = () => scratch.db.raw("select pg_notify(?, '')", [channel]);
const listening = async (): Promise<number> => (await scratch.db.raw<{ rows: unknown[] }>(listeners)).rows.length;

describe("listening", () => {
  test("hears what any other connection notifies", async () => {
    await notify();
    await eventually(() => expect(heard).toBe(2));
    expect(lost).toEqual([]);
  });

  test("goes on after its connection was killed, says so once, and asks for what it may have missed", async () => {
    await scratch.db.raw(`select pg_terminate_backend(pid) from (${listeners}) of_ours`);
    await eventually(() => expect(heard).toBe(2));
    expect(lost).toHaveLength(1);
    await notify();
    await eventually(() => expect(heard).toBe(3));
  });

  test("leaves no connection behind, and hears nothing more, once stopped", async () => {
    expect(await listening()).toBe(1);
    await stop();
    await eventually(async () => expect(await listening()).toBe(0));
    await notify();
    expect(heard).toBe(1);
  });
});
