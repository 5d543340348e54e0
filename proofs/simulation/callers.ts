import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { CallCost } from "@topdog/gateway/usecases/admit-call";
import type { CallerName } from "./history.ts";

export const costs: Readonly<Record<"chat" | "models", CallCost>> = {
  chat: ["api_calls", "llm_requests"],
  models: ["api_calls"],
};

const shared = {
  byok: { scope: "user", used: 0, capacity: 0 },
  scopes: ["llm"],
  restrictions: null,
} satisfies Partial<Principal>;

const member = (userId: string, keyId: string): Principal => ({
  ...shared,
  keyId,
  userId,
  orgId: "acme",
  role: "member",
  buckets: { personal: `seat:acme:${userId}`, org: "org:acme" },
});

const user = (userId: string, keyId: string): Principal => ({
  ...shared,
  keyId,
  userId,
  orgId: null,
  role: null,
  buckets: { personal: `user:${userId}`, org: null },
});

/** A member whose own day is over: every call draws from the org's bucket. */
const drawing = (userId: string, keyId: string): Principal => ({
  ...member(userId, keyId),
  buckets: { personal: `seat:nobody:${userId}`, org: "org:acme" },
});

/** Two users of their own, one with a ceiling on their key; three members of an org, two of whom draw from its bucket, and a service account of it. */
export const callers: Readonly<Record<CallerName, Principal>> = {
  ann: user("ann", "key_1"),
  dan: { ...user("dan", "key_2"), ceilings: [{ owner: "key:key_2", limit: 30, version: 1, setBy: "holder" }] },
  bob: member("bob", "key_3"),
  eve: drawing("eve", "key_5"),
  kim: drawing("kim", "key_6"),
  bot: { ...member("bot", "key_4"), buckets: { personal: null, org: "org:acme" } },
};
