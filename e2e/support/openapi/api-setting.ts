import { formatApiKey } from "@topdog/contracts/api-key";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { Pool } from "undici";
import { startPlatform, type Platform } from "../platform.ts";

export const callers = ["nobody", "malformed key", "unknown key", "user", "org owner", "org member", "person"] as const;
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

/** A platform with two orgs, keys of every kind of caller, and things of one's own and of somebody else. */
export async function startApiSetting(): Promise<ApiSetting> {
  const platform = await startPlatform({ fastProviders: true });
  const client = new Pool(platform.gatewayUrl, { connections });
  const other = await platform.newOrg({ plan: "teams", seats: 3 });
  const keys: Readonly<Record<CallerKind, string | null>> = {
    nobody: null,
    "malformed key": "td_nothing",
    "unknown key": formatApiKey(Buffer.alloc(32, 7)),
    user: platform.demo.userKey,
    "org owner": platform.demo.teamsOwnerKey,
    "org member": platform.demo.teamsMemberKey,
    // Shows a session instead.
    person: null,
  };
  const cookies = await signInAsDemo(client, platform.gatewayUrl, platform.demo.password ?? "");
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
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(caller === "person" ? cookies : {}),
          ...(contentType === null ? {} : { "content-type": contentType }),
        },
        body: body === null ? null : Buffer.from(named(body), "latin1"),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
    },
    stop: async () => {
      await client.destroy();
      await platform.stop();
    },
  };
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
