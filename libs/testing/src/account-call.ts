import { createKeyPair, signingKeyField } from "@topdog/caller-token/keys";
import { createCallerSigner, type SignCaller } from "@topdog/caller-token/sign";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import {
  type AccountCaller,
  callerTokenHeaderName,
  type SessionCaller,
  type Visitor,
} from "@topdog/contracts/account-call";
import { keyScopes } from "@topdog/contracts/key-scopes";
import { orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { Ceiling, Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { ServiceName } from "@topdog/contracts/services";

const keys = createKeyPair("of-the-tests");
const signingKey = signingKeyField.parse(keys.signingKey);
/** Signs as the gateway does. */
export const signCaller: SignCaller = createCallerSigner(signingKey, Date.now);

/** What a service under test must be configured with, so that it believes `accountCall`. */
export const callerEnv = { CALLER_PUBLIC_KEYS: keys.publicKeys };

/** Whose key calls: a user's own, or a member's in an org. */
export interface As {
  readonly userId: string;
  readonly orgId?: string | null;
  readonly role?: MemberRole;
  /** Of the key that calls; only the making of a key asks whether it is live. */
  readonly keyId?: string;
  readonly ceilings?: Ceiling[];
}

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  /** As they stand in the headers. */
  readonly setCookies: readonly string[];
  // Tests read what they expect; a wrong shape fails the expectation.
  readonly body: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

/** Calls a service as the gateway does for an authenticated caller (`sessionOf` is one who is signed in); without `as`, as nobody. Text is sent as it is; `more` are headers. */
export async function accountCall(
  service: { readonly name: ServiceName; readonly url: string; readonly nowMs?: () => number },
  method: string,
  path: string,
  as: As | SessionCaller | Visitor | null,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const payload = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const headers: Record<string, string> = {
    ...more,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(payload)),
  };
  if (as !== null) {
    const sign = service.nowMs === undefined ? signCaller : createCallerSigner(signingKey, service.nowMs);
    const caller: AccountCaller | Visitor = "kind" in as ? as : { kind: "key", ...principalOf(as) };
    headers[callerTokenHeaderName] = await sign(service.name, { method, path, requestId: "req_test", caller });
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // `agent: false`: a connection of its own, so that none is left open after the test.
    const sent = request(`${service.url}${path}`, { method, headers, agent: false }, resolve).on("error", reject);
    sent.end(payload);
  });
  const got = await text(response);
  const type = response.headers["content-type"] ?? null;
  const isJson = got.startsWith("{") && !(type ?? "").includes("ndjson");
  const parsed: unknown = got === "" ? {} : isJson ? JSON.parse(got) : { text: got };
  return {
    status: response.statusCode ?? 0,
    type,
    setCookies: response.headers["set-cookie"] ?? [],
    body: parsed as Answer["body"],
  };
}

export const principalOf = ({
  userId,
  orgId = null,
  role = "member",
  keyId = "key_of_caller",
  ceilings,
}: As): Principal => ({
  keyId,
  userId,
  orgId,
  role: orgId === null ? null : role,
  buckets:
    orgId === null
      ? { personal: userBucket(userId), org: null }
      : { personal: seatBucket(orgId, userId), org: orgBucket(orgId) },
  scopes: keyScopes,
  restrictions: null,
  ...(ceilings === undefined ? {} : { ceilings }),
  byok: { scope: "user", used: 0, capacity: 2 },
});

/** A user who signed in just now, and is no operator. */
export const sessionOf = (userId: string, other: Partial<SessionCaller> = {}): SessionCaller => ({
  kind: "session",
  sessionId: "ses_of_caller",
  userId,
  operator: false,
  authenticatedAt: new Date().toISOString(),
  secondFactorAt: null,
  ...other,
});
