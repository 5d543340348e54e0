import type { Visitor } from "@topdog/contracts/account-call";
import { cookiesOf, cookieValue, csrfTokenOf, isSecureUrl } from "@topdog/contracts/session-cookies";
import { z } from "zod";
import { maxAgeMs, neverProved, type Place, type Session } from "../domain/session.ts";
import type { SignInOutcome } from "../metrics.ts";
import type { Account } from "../store/accounts.ts";
import type { SignedIn } from "../usecases/sign-in.ts";
import { oidcFlowLifetimeMs } from "../domain/identity.ts";
import type { OidcDeps, OidcReturn } from "../usecases/oidc-flow.ts";

/** What the routes of signing in take. */
export interface AuthRouteDeps extends OidcDeps {
  /** Where browsers reach the site: it decides the names of the cookies. */
  readonly publicUrl: string;
  readonly onSignIn: (outcome: SignInOutcome) => void;
  /** Without it there is no way to sign up. */
  readonly canSendMail: boolean;
}

const maxUserAgentLength = 200;
const maxPasswordLength = 200;

/** Length is what makes a password strong: no other rule (NIST SP 800-63B, 3.1.1.2). */
export const newPasswordSchema = z.string().min(10).max(maxPasswordLength);
export const passwordSchema = z.string().min(1).max(maxPasswordLength);
export const codeSchema = z.string().trim().toLowerCase().min(6).max(40).describe("Of your app, or a recovery code");
export const linkTokenSchema = z.base64url().length(43).describe("From the link in the mail: what follows `#token=`");

/** What the provider sent back to the page, as the page passes it on. */
export const providerAnswerSchema = z.object({
  authorizationCode: z.string().min(1).max(4096).describe("`code` of the provider's answer"),
  state: z.base64url().length(43).describe("`state` of the provider's answer"),
  issuer: z.string().min(1).max(2000).optional().describe("`iss` of the provider's answer, if it has one"),
});

/** With the secret of the browser's cookie. */
export const returnOf = (
  { publicUrl }: AuthRouteDeps,
  req: { readonly headers: { readonly cookie?: string | undefined } },
  answer: z.output<typeof providerAnswerSchema>,
): OidcReturn => ({ secret: cookieValue(req.headers.cookie, cookiesOf(publicUrl).oidc) ?? null, answer });

export const beginSchema = z.object({ url: z.string().describe("Where the browser goes: the provider's sign-in") });

/** The browser that begins is the one that ends: it alone gets the secret. */
export const begunReply = ({ url, secret }: { url: string; secret: string }, publicUrl: string) => ({
  status: 200 as const,
  body: { url },
  headers: { "set-cookie": oidcCookie(publicUrl, secret, oidcFlowLifetimeMs / 1000) },
});

/** Only our own page sends it: the provider's answer comes by the page, not by a request of the provider's. */
const oidcCookie = (publicUrl: string, secret: string, maxAgeSeconds: number): string =>
  `${cookiesOf(publicUrl).oidc}=${secret}; Path=/; Max-Age=${maxAgeSeconds}; SameSite=Strict; HttpOnly${isSecureUrl(publicUrl) ? "; Secure" : ""}`;

export const forgetOidc = (publicUrl: string): string => oidcCookie(publicUrl, "", 0);

export const sessionViewSchema = z.object({
  id: z.string(),
  userId: z.string(),
  email: z.string(),
  admin: z.boolean().describe("Whether you have the admin role; it works in a session with a second factor"),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe("Later, if you use it"),
  authenticatedAt: z.iso
    .datetime()
    .nullable()
    .describe("When you last proved who you are; null when the provider that signed you in does not say"),
  secondFactorAt: z.iso.datetime().nullable(),
});

export const listedSessionSchema = z.object({
  id: z.string(),
  current: z.boolean().describe("Whether it is the one that asks"),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().describe("To within ten minutes"),
  expiresAt: z.iso.datetime(),
  address: z.string().describe("Where you signed in from: an IPv4 address or an IPv6 /64"),
  userAgent: z.string(),
  secondFactor: z.boolean(),
});

export const placeOf = ({ address, userAgent }: Visitor): Place => ({
  address,
  userAgent: userAgent.slice(0, maxUserAgentLength),
});

export const toApiSession = (session: Session, account: Account): z.input<typeof sessionViewSchema> => ({
  id: session.id,
  userId: session.userId,
  email: account.email,
  admin: account.isAdmin,
  createdAt: session.createdAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
  authenticatedAt:
    session.authenticatedAt.getTime() === neverProved.getTime() ? null : session.authenticatedAt.toISOString(),
  secondFactorAt: session.secondFactorAt?.toISOString() ?? null,
});

export const toListedSession = (session: Session, currentId: string): z.input<typeof listedSessionSchema> => ({
  id: session.id,
  current: session.id === currentId,
  createdAt: session.createdAt.toISOString(),
  lastSeenAt: session.lastSeenAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
  address: session.address,
  userAgent: session.userAgent,
  secondFactor: session.secondFactorAt !== null,
});

/** The answer to whoever has just shown who they are. */
export const signedInReply = ({ session, account, token }: SignedIn, publicUrl: string) => ({
  status: 200 as const,
  body: toApiSession(session, account),
  headers: { "set-cookie": setCookies(publicUrl, token, maxAgeMs / 1000) },
});

/** Tells the browser to forget the session. */
export const signedOutReply = (publicUrl: string) => ({
  status: 204 as const,
  body: undefined,
  headers: { "set-cookie": setCookies(publicUrl, "", 0) },
});

function setCookies(publicUrl: string, token: string, maxAgeSeconds: number): string[] {
  const names = cookiesOf(publicUrl);
  const common = `Path=/; Max-Age=${maxAgeSeconds}; SameSite=Lax${isSecureUrl(publicUrl) ? "; Secure" : ""}`;
  const csrfToken = token === "" ? "" : csrfTokenOf(token);
  return [`${names.session}=${token}; ${common}; HttpOnly`, `${names.csrf}=${csrfToken}; ${common}`];
}
