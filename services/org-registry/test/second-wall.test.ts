import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Transaction } from "@topdog/postgres/pool";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { type Acting, actFor } from "../src/store/acting.ts";
import { findKeyHolder } from "../src/store/key-holders.ts";
import { findSessionByToken } from "../src/store/sessions.ts";
import { hashKey } from "../src/store/key-material.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { someOrg, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

/** Without rows of a tenant that another must not see: found by an address or a hash, or not a tenant's. */
const unguarded = [
  "app_user",
  "attempt",
  "email_token",
  "mail_request",
  "oidc_flow",
  "outbox",
  "passkey_challenge",
  "processed_event",
  "schema_migration",
  "usage_counted",
];

interface Tenant {
  readonly orgId: string;
  readonly owner: string;
  readonly members: string[];
}

/** Round the code: raw SQL as the service's role. */
describe("row security", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  let a: Tenant;
  let b: Tenant;
  let guarded: string[];
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
    [a, b] = [await someTenant(), await someTenant()];
    guarded = await names("select relname as name from pg_class where relrowsecurity order by 1");
  });
  afterAll(() => database.drop());

  const names = async (sql: string): Promise<string[]> =>
    (await database.owner.raw<{ rows: { name: string }[] }>(sql)).rows.map(({ name }) => name);

  /** An org with a row in every guarded table, its own or its owner's. */
  async function someTenant(): Promise<Tenant> {
    const org = await someOrg(deps, { members: 1, seats: 3 });
    const { orgId, owner } = org;
    await createKeyAsOperator(deps, { userId: owner, orgId, name: "org's" });
    await createKeyAsOperator(deps, { userId: owner, orgId: null, name: "own" });
    const rows: Readonly<Record<string, object>> = {
      invitation: { id: `inv_${orgId}`, org_id: orgId, email: "a@example.test", role: "member", invited_by: owner },
      service_account: { id: `svc_${orgId}`, org_id: orgId, name: "ci", created_by: owner },
      password: { user_id: owner, hash: "x".repeat(30) },
      session: { id: `ses_${owner}`, user_id: owner, token_hash: hashKey(owner), address: "", user_agent: "" },
      passkey: { id: `pky_${owner}`, user_id: owner, credential_id: owner, public_key: "k", counter: 0, name: "key" },
      oidc_identity: { id: `idn_${owner}`, user_id: owner, issuer: "https://id.example", subject: owner },
      oidc_unlinked: { user_id: owner, issuer: "https://id.example" },
      email_change: { user_id: owner, hash: hashKey(owner), email: "new@example.test" },
      totp: { user_id: owner, sealed_secret: "x" },
      recovery_code: { user_id: owner, hash: hashKey(owner) },
      model_rules: { org_id: orgId },
      byok_tenant: { tenant: `org:${orgId}`, live: 1, used: 1 },
      daily_usage: {
        tenant: `org:${orgId}`,
        day: "2026-11-26",
        user_id: owner,
        calls: 1,
        llm_requests: 1,
        refunded_calls: 0,
        prompt_tokens: 1,
        completion_tokens: 1,
        cost_nano_usd: 1,
      },
      credential: {
        id: `cred_${orgId}`,
        tenant: `org:${orgId}`,
        added_by: owner,
        provider: "openai",
        version: 1,
        kid: "k",
        wrapped: "w",
        sealed: "s",
        fingerprint: hashKey(orgId),
        last_four: "",
        label: "l",
        position: 1,
        status: "valid",
      },
    };
    const times = ["created_at", "changed_at", "authenticated_at", "last_seen_at"];
    for (const [table, row] of Object.entries(rows)) {
      const columns = await names(
        `select column_name as name from information_schema.columns where table_name = '${table}' and is_nullable = 'NO'`,
      );
      const now = Object.fromEntries(times.filter((one) => columns.includes(one)).map((one) => [one, new Date()]));
      const ends = columns.includes("expires_at") ? { expires_at: new Date(Date.now() + 60_000) } : {};
      await database.owner(table).insert({ ...row, ...now, ...ends });
    }
    return org;
  }

  /** As the service's role, acting for these or for nobody; nothing of it stays. */
  async function as<T>(who: Acting | null, work: (trx: Transaction) => Promise<T>): Promise<T> {
    const trx = await database.db.transaction();
    try {
      if (who !== null) await actFor(trx, who);
      return await work(trx);
    } finally {
      await trx.rollback();
    }
  }
  const textsOf = async (trx: Transaction, table: string): Promise<string[]> =>
    (await trx.raw<{ rows: { text: string }[] }>(`select t::text as text from ${table} t`)).rows.map(
      ({ text }) => text,
    );
  const isOf = (text: string, tenant: Tenant): boolean =>
    [tenant.orgId, tenant.owner, ...tenant.members].some((id) => text.includes(id));

  test("every table with rows of tenants is guarded, and every guarded one has rows of both tenants here", async () => {
    const all = await names(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
    );
    expect(all.filter((one) => !guarded.includes(one)).toSorted()).toEqual(unguarded);
    for (const table of guarded) {
      const rows = await names(`select t::text as name from ${table} t`);
      expect([table, rows.some((row) => isOf(row, a)), rows.some((row) => isOf(row, b))]).toEqual([table, true, true]);
    }
  });

  test("who acts for nobody sees no row, and changes none", async () => {
    for (const table of guarded) {
      expect([table, await as(null, (trx) => textsOf(trx, table))]).toEqual([table, []]);
    }
  });

  test.each([
    ["its owner", (tenant: Tenant): Acting => ({ userId: tenant.owner })],
    ["the org", (tenant: Tenant): Acting => ({ orgId: tenant.orgId })],
  ])("who acts for %s sees its rows and none of another's", async (_, acting) => {
    for (const table of guarded) {
      const seen = await as(acting(a), (trx) => textsOf(trx, table));
      expect([table, seen.filter((row) => isOf(row, b))]).toEqual([table, []]);
      const all = await names(`select t::text as name from ${table} t`);
      if ("orgId" in (acting(a) as object) && !all.some((row) => row.includes(a.orgId))) continue;
      expect([table, seen.some((row) => isOf(row, a))]).toEqual([table, true]);
    }
  });

  test("who acts for one tenant can neither change, remove nor add a row of another's", async () => {
    const who = { userId: a.owner, orgId: a.orgId };
    for (const table of guarded.filter((one) => !["audit_log", "audit_head"].includes(one))) {
      const [column = ""] = await names(
        `select column_name as name from information_schema.columns where table_name = '${table}' and column_name in
           ('tenant', 'owner', 'user_id', 'org_id', 'owner_user_id') order by column_name desc`,
      );
      const like = [`%${b.orgId}%`, `%${b.owner}%`];
      const conditions = `(t::text like ? or t::text like ?)`;
      const changed = await as(who, (trx) =>
        trx.raw<{ rowCount: number }>(`update ${table} t set ${column} = ${column} where ${conditions}`, like),
      );
      const removed = await as(who, (trx) =>
        trx.raw<{ rowCount: number }>(`delete from ${table} t where ${conditions}`, like),
      );
      expect([table, changed.rowCount, removed.rowCount]).toEqual([table, 0, 0]);
    }
    const stolen = as(who, (trx) =>
      trx.raw("update api_key set org_id = ?, user_id = ? where user_id = ?", [b.orgId, b.owner, a.owner]),
    );
    await expect(stolen).rejects.toThrow(/row-level security/);
    const planted = as(who, (trx) =>
      trx.raw(
        "insert into member (org_id, user_id, role, active, version, created_at) values (?, ?, 'admin', false, 1, now())",
        [b.orgId, b.owner],
      ),
    );
    await expect(planted).rejects.toThrow(/row-level security/);
  });

  test("the audit log takes rows of whom one acts for alone, and refuses to change or lose any", async () => {
    const who = { userId: a.owner, orgId: a.orgId };
    const forged = as(who, (trx) =>
      trx.raw(
        `insert into audit_log (chain, seq, at, actor, action, target, details, previous_hash, hash)
         select chain, 1000, now(), 'x', 'x', 'x', '{}', repeat('0', 64), repeat('0', 64) from (values (?)) as v (chain)`,
        [`org:${b.orgId}`],
      ),
    );
    await expect(forged).rejects.toThrow(/row-level security/);
    for (const sql of ["update audit_log set actor = 'x'", "delete from audit_log", "truncate audit_log"]) {
      await expect(as("everyone", (trx) => trx.raw(sql))).rejects.toMatchObject({ code: "42501" });
    }
  });

  test("a membership that ended shows nothing of the org", async () => {
    const member = a.members[0] ?? "";
    const orgs = () => as({ userId: member }, (trx) => textsOf(trx, "org"));
    expect(await orgs()).toHaveLength(1);
    await database.owner.raw(
      "update member set removed_at = now(), active = false, activated_at = null where user_id = ?",
      [member],
    );
    expect(await orgs()).toEqual([]);
  });

  test("what a secret opens is found by its hash without acting for anybody, and nothing else is", async () => {
    const user = await someUser(deps);
    const { key } = await createKeyAsOperator(deps, { userId: user, orgId: null, name: "k" });
    expect(await findKeyHolder(database.db, hashKey(key), new Date())).toMatchObject({ userId: user });
    expect(await findKeyHolder(database.db, hashKey("other"), new Date())).toBeNull();
    expect(await findSessionByToken(database.db, hashKey(b.owner), new Date())).toMatchObject({
      session: { userId: b.owner },
    });
    expect(await findSessionByToken(database.db, hashKey("other"), new Date())).toBeNull();
  });
});
