import { z } from "zod";
import { principalSchema } from "./rpc/resolve-principal.ts";

/** The header with the token (libs/caller-token) that tells a sibling service who calls. */
export const callerTokenHeaderName = "x-topdog-caller";

export const keyCallerSchema = principalSchema.extend({ kind: z.literal("key") });
/** An API key, as its principal. */
export type KeyCaller = z.infer<typeof keyCallerSchema>;

export const sessionCallerSchema = z.object({
  kind: z.literal("session"),
  sessionId: z.string(),
  userId: z.string(),
  /** A user with the admin role, in a session that passed a second factor in the last 12 hours. */
  operator: z.boolean(),
  /** When the person last proved who they are, by password or passkey. */
  authenticatedAt: z.iso.datetime(),
  secondFactorAt: z.iso.datetime().nullable(),
});
/** A person who is signed in. The session is in no org: a request names its org, and the service looks up the role. */
export type SessionCaller = z.infer<typeof sessionCallerSchema>;

export const callerSchema = z.discriminatedUnion("kind", [keyCallerSchema, sessionCallerSchema]);
/** Who makes a request of the account API. */
export type AccountCaller = z.infer<typeof callerSchema>;

const visitorSchema = z.object({
  kind: z.literal("visitor"),
  /** Of the client, as the gateway sees it: one IPv4 address or IPv6 /64. */
  address: z.string(),
  userAgent: z.string(),
});
/** Somebody who is about to show who they are. */
export type Visitor = z.infer<typeof visitorSchema>;

/** An `/api` request as the gateway passes it on: nothing was charged. */
export const accountCallSchema = z.object({
  requestId: z.string(),
  caller: z.discriminatedUnion("kind", [...callerSchema.options, visitorSchema]),
});
export type AccountCall = z.infer<typeof accountCallSchema>;

/** How old the last proof may be for a sensitive act: on keys, members, billing, or a deletion. */
export const recentAuthenticationMs = 15 * 60_000;
