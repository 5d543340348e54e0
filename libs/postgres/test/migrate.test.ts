import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { adminDatabaseUrl, emptyDatabase } from "@topdog/testing/postgres";
import { migrate } from "../src/migrate.ts";
import { createDatabase } from "../src/pool.ts";
import { assertRuntimeRole } from "../src/runtime-role.ts";
import { dumpSchema } from "../src/schema-dump.ts";

let scratch: Awaited<ReturnType<typeof emptyDatabase>>;
let folder: string;
let directory: URL;

beforeEach(async () => {
  scratch = await emptyDatabase();
  folder = await mkdtemp(join(tmpdir(), "topdog-migrations-"));
  await cp(new URL("migrations/", import.meta.url), folder, { recursive: true });
  directory = pathToFileURL(folder);
});

afterEach(async () => {
  await scratch.drop();
  await rm(folder, { recursive: true, force: true });
});

const add = (name: string, sql: string): Promise<void> => writeFile(join(folder, name), sql);

describe("migrate", () => {
  test("applies every file once and in order", async () => {
    expect(await migrate(scratch.db, directory)).toEqual(["000001_accounts.sql", "000002_account_kind_index.sql"]);
    expect(await migrate(scratch.db, directory)).toEqual([]);
  });

  test("applies each file once when many processes migrate at the same time", async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(scratch.db, directory)));
    expect(applied.flat().toSorted()).toEqual(["000001_accounts.sql", "000002_account_kind_index.sql"]);
  });

  test("leaves nothing of a migration that fails", async () => {
    await add("000003_broken.sql", "create table half (id integer); select 1 / 0;");
    await expect(migrate(scratch.db, directory)).rejects.toThrow("division by zero");
    expect(await scratch.db.schema.hasTable("half")).toBe(false);
    await add("000003_broken.sql", "create table whole (id integer);");
    expect(await migrate(scratch.db, directory)).toEqual(["000003_broken.sql"]);
  });

  test("refuses when an applied file was edited", async () => {
    await migrate(scratch.db, directory);
    await add("000002_account_kind_index.sql", "create index other on account (kind);");
    await expect(migrate(scratch.db, directory)).rejects.toThrow("000002_account_kind_index.sql was edited");
  });

  test("refuses when an applied file is gone from the middle", async () => {
    await migrate(scratch.db, directory);
    await rm(join(folder, "000001_accounts.sql"));
    await expect(migrate(scratch.db, directory)).rejects.toThrow("000001_accounts.sql is missing");
  });

  test("runs older code on a database that is ahead by an expanding migration, and not by a breaking one", async () => {
    await add("000003_expand.sql", "alter table account add column note text;");
    await migrate(scratch.db, directory);
    await rm(join(folder, "000003_expand.sql"));
    expect(await migrate(scratch.db, directory)).toEqual([]);
    await add("000003_expand.sql", "alter table account add column note text;");
    await add("000004_contract.sql", "-- breaking\nalter table account drop column balance cascade;");
    await migrate(scratch.db, directory);
    await rm(join(folder, "000004_contract.sql"));
    await expect(migrate(scratch.db, directory)).rejects.toThrow("ahead of this code by breaking 000004_contract.sql");
  });

  test("refuses a folder with a misnamed or a doubly numbered file, or with none", async () => {
    await add("000002_second.sql", "select 1;");
    await expect(migrate(scratch.db, directory)).rejects.toThrow("number of 000002_second.sql");
    await rm(join(folder, "000002_second.sql"));
    await add("3_short.sql", "select 1;");
    await expect(migrate(scratch.db, directory)).rejects.toThrow("not a migration's name: 3_short.sql");
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await expect(migrate(scratch.db, directory)).rejects.toThrow("no migrations");
  });
});

test("a migration that names the service's role is run by the owner alone, and no service runs as owner or superuser", async () => {
  const url = new URL(await adminDatabaseUrl());
  url.pathname = new URL(scratch.url).pathname;
  const superuser = createDatabase({ url: url.href, applicationName: "migrate-test" });
  try {
    await migrate(scratch.db, directory);
    await add("000003_grant.sql", "grant select on account to :runtime;");
    await expect(migrate(superuser, directory)).rejects.toThrow("whose name ends in _owner, not as");
    await expect(assertRuntimeRole(superuser)).rejects.toThrow("owns tables or is a superuser");
    await expect(assertRuntimeRole(scratch.db)).rejects.toThrow("topdog_test_owner owns tables");
  } finally {
    await superuser.destroy();
  }
});

describe("dumpSchema", () => {
  test("is the same text for the same migrations, and shows every kind of object", async () => {
    await migrate(scratch.db, directory);
    const other = await emptyDatabase();
    try {
      await migrate(other.db, directory);
      const dump = await dumpSchema(scratch.db);
      expect(await dumpSchema(other.db)).toBe(dump);
      for (const part of [
        "type account_kind: asset, debt",
        "account.id bigint not null generated always as identity",
        "account.kind account_kind not null default 'asset'::account_kind",
        "account.account_balance_positive CHECK ((balance >= 0))",
        "INDEX account_by_kind ON public.account",
        "rich_account",
        "FUNCTION public.touch()",
        "TRIGGER account_touch",
      ]) {
        expect(dump).toContain(part);
      }
      expect(dump).not.toContain("schema_migration");
    } finally {
      await other.drop();
    }
  });
});
