import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { isConnectionLoss } from "../src/failures.ts";
import { afterCommit, inTransaction } from "../src/transaction.ts";

let scratch: TestDatabase;

beforeAll(async () => {
  scratch = await testDatabase({ migrations: new URL("migrations/", import.meta.url) });
});
afterAll(() => scratch.drop());
beforeEach(async () => {
  await scratch.db("account").delete();
  await scratch.db("account").insert([{ name: "a" }, { name: "b" }]);
});

const balanceOf = async (name: string): Promise<number> =>
  Number((await scratch.db("account").where({ name }).first("balance"))?.balance);

describe("inTransaction", () => {
  test("commits the work and returns its result", async () => {
    const result = await inTransaction(scratch.db, async (trx) => {
      await trx("account").where({ name: "a" }).update({ balance: 5 });
      return "done";
    });
    expect([result, await balanceOf("a")]).toEqual(["done", 5]);
  });

  test("rolls back and throws an error of the work at once", async () => {
    let runs = 0;
    const work = inTransaction(scratch.db, async (trx) => {
      runs += 1;
      await trx("account").where({ name: "a" }).update({ balance: 5 });
      throw new Error("refused");
    });
    await expect(work).rejects.toThrow("refused");
    expect([runs, await balanceOf("a")]).toEqual([1, 0]);
  });

  test("runs both of two deadlocked transactions to their end", async () => {
    let first = true;
    const transfer = (from: string, to: string): Promise<void> =>
      inTransaction(scratch.db, async (trx) => {
        await trx("account").where({ name: from }).increment("balance", 1);
        if (first) await trx.raw("select pg_sleep(0.1)");
        first = false;
        await trx("account").where({ name: to }).increment("balance", 1);
      });
    await Promise.all([transfer("a", "b"), transfer("b", "a")]);
    expect([await balanceOf("a"), await balanceOf("b")]).toEqual([2, 2]);
  });

  test("runs again after the connection was lost before the commit, and has one effect", async () => {
    let runs = 0;
    await inTransaction(scratch.db, async (trx) => {
      runs += 1;
      await trx("account").where({ name: "a" }).increment("balance", 1);
      if (runs === 1) await trx.raw("select pg_terminate_backend(pg_backend_pid())");
    });
    expect([runs, await balanceOf("a")]).toEqual([2, 1]);
  });

  test("throws when the commit itself fails, for a constraint or a lost connection", async () => {
    await scratch.owner.raw("alter table account drop constraint account_name_key");
    await scratch.owner.raw(
      "alter table account add constraint account_name_key unique (name) deferrable initially deferred",
    );
    const duplicate = inTransaction(scratch.db, (trx) => trx("account").insert({ name: "a" }));
    await expect(duplicate).rejects.toThrow("account_name_key");
    let runs = 0;
    const lost = inTransaction(scratch.db, async (trx) => {
      runs += 1;
      await trx("account").where({ name: "a" }).increment("balance", 1);
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>("select pg_backend_pid() as pid");
      await scratch.db.raw("select pg_terminate_backend(?, 5000)", [rows[0]?.pid ?? 0]);
    });
    await expect(lost).rejects.toThrow(/terminat|connection error/);
    expect([runs, await balanceOf("a")]).toEqual([1, 0]);
  });

  test("throws when the work hid a failed statement, since Postgres would roll back without a word", async () => {
    const work = inTransaction(scratch.db, async (trx) => {
      await trx("account").where({ name: "a" }).update({ balance: 5 });
      await trx.raw("select 1 / 0").catch(() => undefined);
    });
    await expect(work).rejects.toThrow("hid it");
    expect(await balanceOf("a")).toBe(0);
  });

  test("gives up after its attempts", async () => {
    let runs = 0;
    const work = inTransaction(
      scratch.db,
      async (trx) => {
        runs += 1;
        await trx.raw("select pg_terminate_backend(pg_backend_pid())");
      },
      { attempts: 2 },
    );
    const error: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect([isConnectionLoss(error), runs]).toEqual([true, 2]);
  });
});

test("a statement after the loss of its transaction's connection fails as that loss, so that whoever waits for the database goes on waiting", async () => {
  const work = inTransaction(
    scratch.db,
    async (trx) => {
      await trx.raw("select pg_terminate_backend(pg_backend_pid())").then(undefined, () => undefined);
      await trx.rollback().then(undefined, () => undefined);
      await trx.raw("select 1");
    },
    { attempts: 1 },
  );
  const error: unknown = await work.then(undefined, (reason: unknown) => reason);
  expect([String(error), isConnectionLoss(error)]).toEqual([expect.any(String), true]);
});

describe("afterCommit", () => {
  test("runs the work once, after the commit can be seen, and gives it the pool", async () => {
    const seen: Promise<number>[] = [];
    const look = (db: TestDatabase["db"]): void => {
      expect(db).toBe(scratch.db);
      seen.push(balanceOf("a"));
    };
    await inTransaction(scratch.db, async (trx) => {
      await trx("account").where({ name: "a" }).update({ balance: 9 });
      afterCommit(trx, look);
      afterCommit(trx, look);
      expect(seen).toEqual([]);
    });
    expect(await Promise.all(seen)).toEqual([9]);
  });

  test("never runs the work of a transaction that was rolled back, nor that of an attempt that was repeated", async () => {
    const told: string[] = [];
    const refused = inTransaction(scratch.db, async (trx) => {
      afterCommit(trx, () => told.push("refused"));
      throw new Error("refused");
    });
    await expect(refused).rejects.toThrow("refused");
    let attempt = 0;
    await inTransaction(scratch.db, async (trx) => {
      const mine = (attempt += 1);
      afterCommit(trx, () => told.push(`attempt ${mine}`));
      if (mine === 1) await trx.raw("do $$ begin raise exception using errcode = '40001'; end $$");
    });
    expect(told).toEqual(["attempt 2"]);
  });

  test("refuses a transaction whose commit it cannot see", async () => {
    const blind = scratch.db.transaction(async (trx) => afterCommit(trx, () => undefined));
    await expect(blind).rejects.toThrow("needs a transaction of inTransaction");
  });
});
