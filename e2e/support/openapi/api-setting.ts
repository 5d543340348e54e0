import { formatApiKey } from "@topdog/contracts/api-key";
import { csrfTokenOf } from "@topdog/contracts/session-cookies";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { Pool } from "undici";
import { startPlatform, type Platform } from "../platform.ts";

export const callers = [
  "nobody",
  "malformed key",
  "unknown key",
  "revoked key",
  "user",
  "org owner",
  "org member",
  "person",
  "ended session",
  "unknown session",
] as const;
export type CallerKind = (typeof callers)[number];

/** One HTTP request. Ids of things that exist are named, `<ownKey>`: they differ from run to run, a seed does not. */
export interface ApiRequest {
  readonly caller: CallerKind;
  readonly method: string;
  readonly target: string;
  readonly contentType: string | null;
  /** Latin-1: a byte a character, so that bodies need not be UTF-8. */
  readonly body: string | null;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface ApiSetting {
  send(request: ApiRequest): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

const connections = 4;
const requestTimeoutMs = 10_000;
/** What is asked with them is how each is answered, from one address. */
const badKeysAreMany = { BAD_KEYS_PER_MINUTE: "10000" };
/** Passkeys need a site with a name. */
const settings = { gateway: badKeysAreMany, "org-registry": { PUBLIC_URL: "http://localhost" } };

/** A platform with two orgs, keys of every kind of caller, and things of one's own and of somebody else. */
export async function startApiSetting(): Promise<ApiSetting> {
  const platform = await startPlatform({ fastProviders: true, settings });
  const client = new Pool(platform.gatewayUrl, { connections });
  const other = await platform.newOrg({ plan: "teams", seats: 3 });
  const keys: Readonly<Partial<Record<CallerKind, string>>> = {
    "malformed key": "td_nothing",
    "unknown key": formatApiKey(Buffer.alloc(32, 7)),
    "revoked key": await revokedKey(client, platform),
    user: platform.demo.userKey,
    "org owner": platform.demo.teamsOwnerKey,
    "org member": platform.demo.teamsMemberKey,
  };
  const sessions: Readonly<Partial<Record<CallerKind, Readonly<Record<string, string>>>>> = {
    person: await signIn(client, platform),
    "ended session": await endedSession(client, platform),
    "unknown session": { cookie: `topdog_session=${unknownToken}`, "x-csrf-token": csrfTokenOf(unknownToken) },
  };
  const names = await nameThings(platform, other);
  const named = (text: string): string => text.replaceAll(/<(\w+)>/g, (whole, name: string) => names[name] ?? whole);

  return {
    send: async ({ caller, method, target, contentType, body }) => {
      const key = keys[caller];
      // Sent as a path: a URL object would normalise it.
      const answer = await client.request({
        path: named(target),
        method: method as "GET",
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...sessions[caller],
          ...(contentType === null ? {} : { "content-type": contentType }),
        },
        body: body === null ? null : Buffer.from(named(body), "latin1"),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      // Live figures end with the session: what was asked is answered by their head.
      const isEndless = method === "GET" && String(answer.headers["content-type"]).startsWith("text/event-stream");
      if (isEndless) answer.body.destroy();
      const text = isEndless ? "" : await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, text };
    },
    stop: async () => {
      await client.destroy();
      await platform.stop();
    },
  };
}

const unknownToken = "u".repeat(43);
const signIn = (client: Pool, { gatewayUrl, demo }: Platform): Promise<Record<string, string>> =>
  signInAsDemo(client, gatewayUrl, demo.password ?? "");

async function revokedKey(client: Pool, platform: Platform): Promise<string> {
  const { id, key } = await platform.newKey(platform.demo.userId);
  const authorization = `Bearer ${platform.demo.userKey}`;
  await expectNoContent(client, { method: "DELETE", path: `/api/keys/${id}`, headers: { authorization } });
  return key;
}

async function endedSession(client: Pool, platform: Platform): Promise<Record<string, string>> {
  const headers = await signIn(client, platform);
  await expectNoContent(client, { method: "POST", path: "/api/auth/sign-out", headers });
  return headers;
}

async function expectNoContent(client: Pool, request: Parameters<Pool["request"]>[0]): Promise<void> {
  const { statusCode, body } = await client.request(request);
  await body.dump();
  if (statusCode !== 204) throw new Error(`${request.path} was answered ${statusCode}`);
}

const cursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString("base64url");

async function nameThings(
  platform: Platform,
  other: { orgId: string; ownerId: string },
): Promise<Readonly<Record<string, string>>> {
  const { demo } = platform;
  const { id: foreignKey } = await platform.newKey(other.ownerId, other.orgId);
  return {
    ownOrg: demo.orgId,
    foreignOrg: other.orgId,
    // Not the member whose key is used: they would lose their seat, and their key its access.
    ownMember: demo.memberIds[1] ?? "",
    foreignUser: other.ownerId,
    ownKey: (await platform.newKey(demo.memberIds[1] ?? "", demo.orgId)).id,
    foreignKey,
    cursorAtForeignKey: cursor({ createdAtMs: 4e12, id: foreignKey }),
    cursorAtMissingKey: cursor({ createdAtMs: 4e12, id: foreignKey.replaceAll(/[0-9a-f]/g, "0") }),
  };
}
