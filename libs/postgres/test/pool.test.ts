import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { ownPostgres, type OwnPostgres } from "@topdog/testing/own-postgres";
import { isConnectionLoss } from "../src/failures.ts";
import { createDatabase, type Database } from "../src/pool.ts";

let server: OwnPostgres;
let db: Database;

beforeAll(async () => {
  server = await ownPostgres();
  db = createDatabase({ url: server.adminUrl, applicationName: "pool-test", statementTimeoutMs: 1_000 });
});
afterAll(async () => {
  await db.destroy();
  await server.stop();
});

describe("the pool", () => {
  test("cancels a statement that runs too long", async () => {
    await expect(db.raw("select pg_sleep(5)")).rejects.toThrow("statement timeout");
  });

  test("fails fast while the server is away, recovers by itself, and no error escapes its queries", async () => {
    const errors: unknown[] = [];
    const load = { running: true, ok: 0 };
    const workers = Array.from({ length: 20 }, async () => {
      while (load.running) {
        await db.raw("select 1").then(
          () => (load.ok += 1),
          (error: unknown) => errors.push(error),
        );
        await sleep(5);
      }
    });
    await eventually(() => expect(load.ok).toBeGreaterThan(100));
    await server.kill9();
    const failedAtKill = errors.length;
    await eventually(() => expect(errors.length).toBeGreaterThan(failedAtKill + 50));
    await server.restart();
    const okAtRestart = load.ok;
    await eventually(() => expect(load.ok).toBeGreaterThan(okAtRestart + 100));
    load.running = false;
    await Promise.all(workers);
    expect(errors.filter((error) => !isConnectionLoss(error))).toEqual([]);
  });
});
