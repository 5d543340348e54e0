import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { allowedAddressesSchema } from "@topdog/contracts/key-restrictions";
import { addressRanges } from "@topdog/http-kit/client-address";
import { migrate } from "@topdog/postgres/migrate";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import * as fc from "fast-check";
import { defaultKeySettings, type KeySettings } from "../src/domain/api-key.ts";
import { hashKey } from "../src/store/key-material.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { resolvePrincipalOf } from "../src/usecases/resolve-principal.ts";
import { someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("the settings of a key", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
  });
  afterAll(() => database.drop());

  const keyWith = async (settings: Partial<KeySettings>): Promise<string> => {
    const wanted = { userId: await someUser(deps), orgId: null, name: "test" };
    return (await createKeyAsOperator(deps, { ...wanted, settings: { ...defaultKeySettings, ...settings } })).key;
  };
  const principalAt = (key: string, atMs: number) =>
    resolvePrincipalOf({ db: database.db, nowMs: () => atMs }, hashKey(key));

  test("nothing but the calling of models is allowed without being asked for", async () => {
    const { key } = await createKeyAsOperator(deps, { userId: await someUser(deps), orgId: null, name: "plain" });
    expect(await principalAt(key, Date.now())).toMatchObject({ scopes: ["llm"], restrictions: null });
  });

  test("are what the principal says, and stand in the audit log", async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const key = await keyWith({
      scopes: ["llm", "usage:read"],
      expiresAt,
      allowedModels: ["gpt-5", "claude"],
      allowedAddresses: ["203.0.113.0/24", "2001:db8::1"],
    });
    expect(await principalAt(key, Date.now())).toMatchObject({
      scopes: ["llm", "usage:read"],
      restrictions: {
        expiresAtMs: expiresAt.getTime(),
        models: ["gpt-5", "claude"],
        addresses: ["203.0.113.0/24", "2001:db8::1"],
      },
    });
    const { rows } = await database.owner.raw<{ rows: { details: string }[] }>(
      "select details from audit_log where details like '%gpt-5%'",
    );
    expect(JSON.parse(rows[0]?.details ?? "")).toMatchObject({
      scopes: "llm usage:read",
      expiresAt: expiresAt.toISOString(),
      allowedModels: "gpt-5 claude",
      allowedAddresses: "203.0.113.0/24 2001:db8::1",
    });
  });

  test("a key has a principal exactly until it expires", async () => {
    const expiresAtMs = Date.UTC(2030, 0, 1);
    const key = await keyWith({ expiresAt: new Date(expiresAtMs) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1_000, max: 1_000 }), async (offset) => {
        expect((await principalAt(key, expiresAtMs + offset)) !== null).toBe(offset < 0);
      }),
      { numRuns: 30, examples: [[-1], [0]] },
    );
  });

  test("every address range that is taken is one that gateways understand", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    const range = fc.oneof(
      address,
      fc.tuple(address, fc.nat(130)).map(([one, bits]) => `${one}/${bits}`),
    );
    fc.assert(
      fc.property(range, (text) => {
        if (allowedAddressesSchema.safeParse([text]).success) expect(() => addressRanges([text])).not.toThrow();
      }),
      { examples: [["0.0.0.0/0"], ["::/0"], ["::ffff:10.0.0.1"], ["1::%eth0"], ["010.0.0.1"], ["10.0.0.0/08"]] },
    );
    const refused = ["10.0.0.0/33", "::/129", "10.0.0", "localhost", "", "10.0.0.1 ", "fe80::1%eth0"];
    expect(refused.filter((text) => allowedAddressesSchema.safeParse([text]).success)).toEqual([]);
  });

  test("keys of before there were scopes keep all that they could do", async () => {
    const before = await mkdtemp(join(tmpdir(), "topdog-migrations-"));
    for (const name of ["000001_registry.sql", "000002_key_parents.sql"])
      await copyFile(new URL(name, migrations), join(before, name));
    const old = await testDatabase({ migrations: pathToFileURL(`${before}/`) });
    try {
      await old.owner.raw("insert into app_user (id, email, created_at) values ('usr_1', 'a@example.test', now())");
      await old.owner.raw(
        `insert into api_key (id, hash, prefix, last_four, name, user_id, created_at)
         values ('key_1', ?, 'td_xxxxx', 'xxxx', 'old', 'usr_1', now())`,
        ["a".repeat(64)],
      );
      await migrate(old.owner, migrations);
      expect(await resolvePrincipalOf({ db: old.db, nowMs: Date.now }, "a".repeat(64))).toMatchObject({
        scopes: ["llm", "usage:read", "account"],
        restrictions: null,
      });
    } finally {
      await old.drop();
      await rm(before, { recursive: true });
    }
  });
});
