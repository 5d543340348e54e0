import { createHash, randomBytes } from "node:crypto";
import { formatApiKey } from "@topdog/contracts/api-key";
import { databaseOf } from "@topdog/contracts/services";
import { csrfTokenOf } from "@topdog/contracts/session-cookies";
import { adminQuery } from "./ledger.ts";
import type { Platform } from "./platform.ts";
import { rawCall } from "./raw-call.ts";

type Headers = Readonly<Record<string, string>>;

/** What each kind of caller sends, the least that is allowed first. All are about one org and what one of its members stored. */
export type Callers = Readonly<Record<string, Headers>>;

/** Who calls models in the org: what is stored for one of them is nobody else's. */
export const storer = "member's key";

/** One statement on org-registry's database, as the superuser: for arranging what an API would take days for. */
function registryQuery<Row>(platform: Platform, sql: string, values: unknown[] = []): Promise<Row[]> {
  const url = new URL(platform.quotaDatabaseUrl);
  url.pathname = `/${databaseOf("org-registry")}`;
  return adminQuery({ quotaDatabaseUrl: url.href }, sql, values);
}

/** A session of a person, without their signing in. */
async function sessionOf(platform: Platform, userId: string, secondFactor = false): Promise<Headers> {
  const token = randomBytes(32).toString("base64url");
  await registryQuery(
    platform,
    `insert into session (id, user_id, token_hash, created_at, authenticated_at, second_factor_at, last_seen_at, expires_at, address, user_agent)
     values ($1, $2, $3, now(), now(), case when $4 then now() end, now(), now() + interval '1 day', '192.0.2.1', '')`,
    [`ses_${randomBytes(6).toString("hex")}`, userId, createHash("sha256").update(token).digest("hex"), secondFactor],
  );
  return { cookie: `topdog_session=${token}`, "x-csrf-token": csrfTokenOf(token) };
}

const withKey = (key: string): Headers => ({ authorization: `Bearer ${key}` });

/** A key that is changed before it is used for the first time, so that no gateway knows it. */
async function changedKey(platform: Platform, whose: readonly [string, string?], change: string): Promise<Headers> {
  const { id, key } = await platform.newKey(...whose);
  await registryQuery(platform, `update api_key set ${change} where id = $1`, [id]);
  return withKey(key);
}

/** As the org's owner, in the account API. */
async function asOwner<T>(
  platform: Platform,
  owner: Headers,
  method: "POST" | "PATCH",
  path: string,
  body: object,
): Promise<T> {
  const headers = { ...owner, "content-type": "application/json" };
  const answer = await rawCall(platform, path, { method, headers, body: JSON.stringify(body) });
  if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${answer.text}`);
  return answer.json as T;
}

async function serviceAccountKey(platform: Platform, owner: Headers): Promise<Headers> {
  const { orgId } = platform.demo;
  const accounts = `/api/orgs/${orgId}/service-accounts`;
  const { id } = await asOwner<{ id: string }>(platform, owner, "POST", accounts, { name: "ci" });
  const wanted = { name: "ci", orgId, serviceAccountId: id };
  const { key } = await asOwner<{ key: string }>(platform, owner, "POST", "/api/keys", wanted);
  return withKey(key);
}

/** Everybody who may come to the gateway. */
export async function arrangeCallers(platform: Platform): Promise<Callers> {
  const { demo } = platform;
  const { orgId } = demo;
  const [member = "", seatless = ""] = demo.memberIds;
  const other = await platform.newOrg({ plan: "teams", seats: 3 });
  const person = await platform.newUser({ plan: "pro" });
  const admin = await platform.newUser({ plan: "free" });
  const [row] = await registryQuery<{ user_id: string }>(
    platform,
    "select user_id from member where org_id = $1 and role = 'owner' and removed_at is null",
    [orgId],
  );
  const owner = await sessionOf(platform, row?.user_id ?? "");
  const seatlessKey = await platform.newKey(seatless, orgId);
  await asOwner(platform, owner, "PATCH", `/api/orgs/${orgId}/members/${seatless}`, { active: false });
  await registryQuery(platform, "update app_user set admin = true where id = $1", [admin.userId]);
  const past = "created_at = now() - interval '2 days', expires_at = now() - interval '1 day'";
  return {
    nobody: {},
    "malformed key": withKey("td_nothing"),
    "unknown key": withKey(formatApiKey(Buffer.alloc(32, 7))),
    "revoked key": await changedKey(platform, [member, orgId], "revoked_at = now()"),
    "expired key": await changedKey(platform, [member, orgId], past),
    "key of a member without a seat": withKey(seatlessKey.key),
    "member's key for usage alone": await changedKey(platform, [member, orgId], "scopes = '{usage:read}'"),
    "other org's key": withKey(other.ownerKey),
    "a person's own key": withKey(person.userKey),
    "service account's key": await serviceAccountKey(platform, owner),
    "owner's key": withKey(demo.teamsOwnerKey),
    [storer]: withKey(demo.teamsMemberKey),
    "ended session": { cookie: `topdog_session=${"u".repeat(43)}`, "x-csrf-token": csrfTokenOf("u".repeat(43)) },
    person: await sessionOf(platform, person.userId),
    "org's owner": owner,
    "admin without a second factor": await sessionOf(platform, admin.userId),
    operator: await sessionOf(platform, admin.userId, true),
    "operator's token": withKey(platform.operatorToken),
  };
}
