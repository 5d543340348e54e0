import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AccountCall, SessionCaller } from "@topdog/contracts/account-call";
import {
  cookieValue,
  csrfHeaderName,
  csrfTokenOf,
  oidcCookiePaths,
  type SessionCookies,
} from "@topdog/contracts/session-cookies";
import { AppError } from "@topdog/errors/app-error";
import type { AccountTarget } from "../domain/account-target.ts";
import { isSameSite } from "../domain/same-site.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import type { Sessions } from "../store/sessions.ts";
import { keyIn, lookUpFor } from "./authenticate.ts";
import { countCaller, type FrontDoor, identify, identifyAgain, type Visit } from "./front-door.ts";

export interface IdentifyDeps {
  readonly door: FrontDoor;
  readonly sessions: Sessions;
  readonly cookies: SessionCookies;
  readonly publicUrl: string;
}

/** Who makes an account request, as it was found by its headers. */
type FoundCaller =
  | { readonly kind: "key"; readonly known: KnownCaller }
  | { readonly kind: "session"; readonly tokenHash: string; readonly session: SessionCaller }
  | { readonly kind: "visitor"; readonly caller: AccountCall["caller"] };

/** Null where nobody is asked who they are. */
export type AccountIdentity = FoundCaller | null;

const tokenShape = /^[\w-]{43}$/;
const maxUserAgentLength = 200;
const unchanging = new Set(["GET", "HEAD", "OPTIONS"]);

/** By the API key if there is one, else by the session's cookie. Throws AppError 401, 403, 429 or 503. */
export async function identifyAccount(
  deps: IdentifyDeps,
  visit: Visit,
  req: IncomingMessage,
  { access, scopes }: AccountTarget,
): Promise<AccountIdentity> {
  if (access === "none" || access === "operator") return null;
  if (access === "visitor") return { kind: "visitor", caller: visitorOf(deps, visit, req) };
  if (keyIn(req.headers) !== null) return { kind: "key", known: await identify(deps.door, visit, req, scopes) };
  const token = cookieValue(req.headers.cookie, deps.cookies.session);
  if (token === undefined || !tokenShape.test(token)) throw new AppError("not_signed_in");
  refuseForgery(deps, req, token);
  const tokenHash = hash("sha256", token, "hex");
  const known = deps.sessions.recall(tokenHash);
  const session =
    known === undefined ? await lookUpFor(deps.door, visit.address.of, () => deps.sessions.find(tokenHash)) : known;
  if (session === null) throw new AppError("not_signed_in");
  countCaller(deps.door, visit, tokenHash);
  return { kind: "session", tokenHash, session };
}

/** After an upload: throws AppError 401 or 403 for whoever has been revoked or restricted meanwhile. */
export async function callerAgain(
  { door, sessions }: IdentifyDeps,
  visit: Visit,
  req: IncomingMessage,
  { scopes }: AccountTarget,
  identity: FoundCaller,
): Promise<AccountCall["caller"]> {
  if (identity.kind === "visitor") return identity.caller;
  if (identity.kind === "key") {
    const { principal } = await identifyAgain(door, visit, req, scopes, identity.known);
    // The restrictions of its key were checked here, and would make a long header.
    return { kind: "key", ...principal, restrictions: null };
  }
  const session = await sessions.find(identity.tokenHash);
  if (session === null) throw new AppError("not_signed_in");
  return session;
}

/** A page elsewhere can make a browser send our cookie, but can neither name our origin nor read the token. */
function refuseForgery({ publicUrl }: IdentifyDeps, { method = "", headers }: IncomingMessage, token: string): void {
  if (unchanging.has(method)) return;
  const given = headers[csrfHeaderName];
  const expected = Buffer.from(csrfTokenOf(token));
  const isRight = typeof given === "string" && given.length === expected.length;
  if (isSameSite(headers, publicUrl) && isRight && timingSafeEqual(Buffer.from(given), expected)) return;
  throw new AppError("csrf_refused");
}

/** The secret of a sign-in by OIDC, for the requests that end one; null for all others. */
export function oidcCookieOf(
  { cookies }: IdentifyDeps,
  path: string,
  { method, headers }: IncomingMessage,
): string | null {
  if (method !== "POST" || !oidcCookiePaths.includes(path)) return null;
  const secret = cookieValue(headers.cookie, cookies.oidc);
  return secret !== undefined && tokenShape.test(secret) ? `${cookies.oidc}=${secret}` : null;
}

/** Nobody may be signed in, or sent mail, by a page elsewhere either. */
function visitorOf(deps: IdentifyDeps, visit: Visit, { method = "", headers }: IncomingMessage): AccountCall["caller"] {
  if (!unchanging.has(method) && !isSameSite(headers, deps.publicUrl)) throw new AppError("csrf_refused");
  const userAgent = (headers["user-agent"] ?? "").replaceAll(/[^\x20-\x7e]/g, "?").slice(0, maxUserAgentLength);
  return { kind: "visitor", address: visit.address.of, userAgent };
}
