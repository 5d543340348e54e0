import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { maxLiveKeysPerUser } from "../src/domain/api-key.ts";
import { maxOrgsPerOwner } from "../src/domain/org.ts";
import { maxServiceAccounts } from "../src/domain/service-account.ts";
import { codeOf } from "../src/store/totp-code.ts";
import { createToken } from "../src/store/key-material.ts";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { someOrg, someUser } from "./arrange.ts";
import { fromBase32 } from "./base32.ts";
import { type ByokRig, newKey, startByok } from "./byok-rig.ts";

const atOnce = 100;
/** Left of each bound when the hundred come. */
const room = 3;

let byok: ByokRig;
beforeAll(async () => {
  byok = await startByok();
});
afterAll(() => byok.stop());

const hundred = (ask: (index: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: atOnce }, (_, index) => ask(index)));
const rowsOf = async <T>(sql: string, values: string[]): Promise<T[]> =>
  (await byok.db.raw<{ rows: T[] }>(sql, values)).rows;
const countOf = async (sql: string, values: string[]): Promise<number> =>
  (await rowsOf<{ n: number }>(`select count(*)::int as n from ${sql}`, values))[0]?.n ?? -1;

/** How often each outcome came: `201`, or a refusal by its code. */
function outcomesOf(answers: readonly Answer[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status < 400 ? String(status) : `${status} ${String(body["code"])}`;
    found[outcome] = (found[outcome] ?? 0) + 1;
  }
  return found;
}

interface Creation {
  /** Brings it to `room` below its bound; asks once more each time. */
  readonly arrange: () => Promise<{
    readonly ask: (index: number) => Promise<Answer>;
    readonly stored: () => Promise<number>;
  }>;
  readonly made: number;
  readonly refusal: string;
}

async function someAccountOf(orgId: string, owner: string): Promise<string> {
  return String((await byok.as(owner, "POST", `/api/orgs/${orgId}/service-accounts`, { name: "ci" })).body["id"]);
}

/** `count` live keys of a holder, as rows alone. */
const fillKeys = (count: number, userId: string | null, orgId: string | null, serviceAccountId: string | null) => {
  const holder = userId ?? serviceAccountId ?? "";
  return byok.db.raw(
    `insert into api_key (id, hash, prefix, last_four, name, user_id, org_id, service_account_id, created_at)
     select 'key_' || md5(? || n), encode(sha256((? || n)::bytea), 'hex'), 'td_filli', '0000', 'filling', ?, ?, ?, now()
     from generate_series(1, ?::int) as n`,
    [holder, holder, userId, orgId, serviceAccountId, count],
  );
};

/** Every endpoint that creates something, by what it answers 201 for. Invitations, passkeys and identities have a test of their own. */
const creations: Readonly<Record<string, readonly Creation[]>> = {
  "/api/keys": [
    {
      made: room,
      refusal: "409 key_limit_reached",
      arrange: async () => {
        const userId = await someUser(byok.deps);
        await fillKeys(maxLiveKeysPerUser - room, userId, null, null);
        return {
          ask: () => byok.as(userId, "POST", "/api/keys", { name: "same" }),
          stored: async () => (await countOf("api_key where user_id = ?", [userId])) - (maxLiveKeysPerUser - room),
        };
      },
    },
    {
      made: room,
      refusal: "409 key_limit_reached",
      arrange: async () => {
        const { orgId, owner } = await someOrg(byok.deps, { members: 0, seats: 3 });
        const serviceAccountId = await someAccountOf(orgId, owner);
        await fillKeys(maxLiveKeysPerUser - room, null, orgId, serviceAccountId);
        return {
          ask: () => byok.as(owner, "POST", "/api/keys", { name: "same", orgId, serviceAccountId }),
          stored: async () =>
            (await countOf("api_key where service_account_id = ?", [serviceAccountId])) - (maxLiveKeysPerUser - room),
        };
      },
    },
  ],
  "/api/orgs": [
    {
      made: maxOrgsPerOwner,
      refusal: "409 conflict",
      arrange: async () => {
        const userId = await someUser(byok.deps);
        return {
          ask: () => byok.as(userId, "POST", "/api/orgs", { name: "Same" }),
          stored: () => countOf("org where owner_user_id = ?", [userId]),
        };
      },
    },
  ],
  "/api/orgs/{orgId}/service-accounts": [
    {
      made: room,
      refusal: "409 conflict",
      arrange: async () => {
        const { orgId, owner } = await someOrg(byok.deps, { members: 0, seats: 3 });
        await byok.db.raw(
          `insert into service_account (id, org_id, name, created_by, created_at)
           select 'svc_' || md5(? || n), ?, 'filling', ?, now() from generate_series(1, ?::int) as n`,
          [orgId, orgId, owner, maxServiceAccounts - room],
        );
        return {
          ask: () => byok.as(owner, "POST", `/api/orgs/${orgId}/service-accounts`, { name: "same" }),
          stored: async () =>
            (await countOf("service_account where org_id = ?", [orgId])) - (maxServiceAccounts - room),
        };
      },
    },
  ],
  "/api/byok": [
    {
      made: 1,
      refusal: "409 conflict",
      arrange: async () => {
        const [userId, key] = [await someUser(byok.deps), newKey()];
        return {
          ask: () => byok.add(userId, key),
          stored: () => countOf("credential where tenant = ?", [`user:${userId}`]),
        };
      },
    },
    {
      made: 2,
      refusal: "403 byok_capacity_reached",
      arrange: async () => {
        const userId = await someUser(byok.deps);
        return {
          ask: () => byok.add(userId, newKey()),
          stored: () => countOf("credential where tenant = ?", [`user:${userId}`]),
        };
      },
    },
  ],
};
const elsewhere = ["/api/auth/passkeys", "/api/auth/identities", "/api/orgs/{orgId}/invitations"];

test("every endpoint that creates something is asked here, or says where it is", async () => {
  const file = new URL("../../../docs/openapi.json", import.meta.url);
  type Item = Readonly<Record<string, { readonly responses?: object }>>;
  const { paths } = JSON.parse(await readFile(file, "utf8")) as { paths: Record<string, Item> };
  const creating = Object.entries(paths).filter(([, { post }]) => "201" in (post?.responses ?? {}));
  expect(creating.map(([path]) => path).toSorted()).toEqual([...Object.keys(creations), ...elsewhere].toSorted());
});

const cases = Object.entries(creations).flatMap(([path, all]) => all.map((one) => [path, one.refusal, one] as const));
test.each(cases)(
  "POST %s, a hundred times at once, ends in exactly what is allowed, then %s",
  async (_path, _refusal, one) => {
    const { ask, stored } = await one.arrange();
    expect(outcomesOf(await hundred(ask))).toEqual({ "201": one.made, [one.refusal]: atOnce - one.made });
    expect(await stored()).toBe(one.made);
  },
);

test("a hundred links of one address, all used at once, make one account with one password", async () => {
  const email = "hundred@example.test";
  const tokens = Array.from({ length: atOnce }, () => createToken(byok.deps.randomBytes));
  await byok.db.raw(
    "insert into email_token (hash, email, expires_at) select h, ?, now() + interval '1 hour' from unnest(?::text[]) h",
    [email, tokens.map(({ hash }) => hash)],
  );
  const outcomes = outcomesOf(
    await hundred((index) =>
      byok.call(
        "POST",
        "/api/auth/password",
        { kind: "visitor", address: `192.0.2.${index}`, userAgent: "a browser" },
        { token: tokens[index]?.token ?? "", password: `a password of number ${index}` },
      ),
    ),
  );
  // Passwords are hashed a few at a time, and who comes when too many wait is told so.
  expect(Object.keys(outcomes).filter((one) => !["200", "400 invalid_link", "503 overloaded"].includes(one))).toEqual(
    [],
  );
  expect(outcomes["200"]).toBe(1);
  const [user] = await rowsOf<{ id: string }>("select id from app_user where lower(email) = ?", [email]);
  expect(await countOf("app_user where lower(email) = ?", [email])).toBe(1);
  expect(await countOf("email_token where email = ?", [email])).toBe(0);
  expect((await verifyAuditChain(byok.db, `user:${user?.id}`)).brokenAtSeq).toBeNull();
});

test("an authenticator app that is confirmed a hundred times at once shows its recovery codes once", async () => {
  const userId = await someUser(byok.deps);
  const { body } = await byok.as(userId, "POST", "/api/auth/totp");
  const secret = new URL(String(body["uri"])).searchParams.get("secret") ?? "";
  const code = codeOf(fromBase32(secret), Math.floor(Date.now() / 30_000));
  const outcomes = outcomesOf(await hundred(() => byok.as(userId, "POST", "/api/auth/totp/confirm", { code })));
  expect(outcomes["200"]).toBe(1);
  expect(
    Object.keys(outcomes).filter((one) => !["200", "401 wrong_code", "429 too_many_attempts"].includes(one)),
  ).toEqual([]);
  expect(await countOf("recovery_code where user_id = ?", [userId])).toBe(10);
});

test("an offer that is accepted a hundred times at once hands the org over once", async () => {
  const { orgId, owner, members } = await someOrg(byok.deps, { members: 1, seats: 3 });
  const next = members[0] ?? "";
  await byok.as(owner, "POST", `/api/orgs/${orgId}/ownership-offer`, { userId: next });
  const answers = await hundred(() => byok.call("POST", `/api/orgs/${orgId}/ownership-offer/accept`, sessionOf(next)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const transferred = "audit_log where chain = ? and action = 'ownership.transferred'";
  expect(await countOf(transferred, [`org:${orgId}`])).toBe(1);
});
