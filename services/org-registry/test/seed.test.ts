import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { isApiKey } from "@topdog/contracts/api-key";
import { processedEventMigrationSql } from "@topdog/messaging/consume";
import { outboxMigrationSql } from "@topdog/messaging/outbox";
import { migrate } from "@topdog/postgres/migrate";
import { dumpSchema } from "@topdog/postgres/schema-dump";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { readKeyFile, writeKeyFile } from "../src/store/key-file.ts";
import { hashKey } from "../src/store/key-material.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { resolvePrincipalOf } from "../src/usecases/resolve-principal.ts";
import { type Demo, seedDemo } from "../src/usecases/seed-demo.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("the demo seed", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  let folder: string;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
    folder = await mkdtemp(join(tmpdir(), "topdog-seed-"));
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const seedWith = async (file: string): Promise<Demo> => {
    const demo = await seedDemo(deps, await readKeyFile(file));
    await writeKeyFile(file, demo);
    return demo;
  };

  test("a second run gives the same users, org and keys; a lost file replaces the keys and revokes the old", async () => {
    const file = join(folder, "demo.json");
    const first = await seedWith(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(first);
    expect(await seedWith(file)).toEqual(first);

    await rm(file);
    const second = await seedWith(file);
    expect([second.userId, second.orgId, second.memberIds]).toEqual([first.userId, first.orgId, first.memberIds]);
    const resolve = (key: string) => resolvePrincipalOf(deps, hashKey(key));
    for (const name of ["userKey", "teamsOwnerKey", "teamsMemberKey"] as const) {
      expect(await resolve(first[name])).toBeNull();
      expect(await resolve(second[name])).not.toBeNull();
    }
    expect(await resolve(second.userKey)).toMatchObject({ userId: second.userId, orgId: null });
    expect(await resolve(second.teamsOwnerKey)).toMatchObject({ orgId: second.orgId, role: "owner" });
    expect(await resolve(second.teamsMemberKey)).toMatchObject({ orgId: second.orgId, userId: second.memberIds[0] });
  });

  test("a key of an earlier version, without a checksum, is revoked and replaced: no gateway would accept it", async () => {
    const file = join(folder, "earlier.json");
    const first = await seedWith(file);
    const withoutChecksum = first.userKey.slice(0, -6);
    await database
      .db("api_key")
      .where({ hash: hashKey(first.userKey) })
      .update({ hash: hashKey(withoutChecksum) });
    await writeKeyFile(file, { ...first, userKey: withoutChecksum });
    const second = await seedWith(file);
    expect(second).toMatchObject({ teamsOwnerKey: first.teamsOwnerKey, teamsMemberKey: first.teamsMemberKey });
    expect(isApiKey(second.userKey)).toBe(true);
    expect(await resolvePrincipalOf(deps, hashKey(withoutChecksum))).toBeNull();
    expect(await resolvePrincipalOf(deps, hashKey(second.userKey))).toMatchObject({ userId: first.userId });
  });
});

describe("migrations", () => {
  test("a fresh database has the committed schema, and the library's tables as the library wants them", async () => {
    const database = await testDatabase({ migrations });
    try {
      const committed = await readFile(new URL("schema.sql", migrations), "utf8");
      expect(await dumpSchema(database.db)).toBe(committed);
      expect(await migrate(database.owner, migrations)).toEqual([]);
      const sql = await readFile(new URL("000001_registry.sql", migrations), "utf8");
      expect(sql).toContain(outboxMigrationSql);
      expect(sql).toContain(processedEventMigrationSql);
    } finally {
      await database.drop();
    }
  });
});
