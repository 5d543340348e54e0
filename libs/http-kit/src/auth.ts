import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { type CallerVerifierOptions, createCallerVerifier } from "@topdog/caller-token/verify";
import {
  type AccountCall,
  type AccountCaller,
  type Visitor,
  callerTokenHeaderName,
  recentAuthenticationMs,
} from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import { setRequestId } from "./request-id.ts";
import { addToRequestLog } from "./request-log.ts";
import type { Route } from "./route-types.ts";

/** Who calls, as the gateway signed it. */
export interface CallerVerifier {
  /** Null without a valid signature. */
  verify(req: Request): Promise<AccountCall | null>;
  readonly nowMs: () => number;
}
/** Whether the request shows an operator's credential. */
export type OperatorVerifier = (req: Request) => boolean;

/** How this process checks each kind of auth. A route whose kind has no verifier here cannot be mounted. */
export interface Verifiers {
  /** For `key`, `session` and `account`. */
  readonly caller?: CallerVerifier;
  readonly operator?: OperatorVerifier;
}

/** Checks the token that the gateway signs for this one request to this service. */
export function callerVerifier(options: CallerVerifierOptions): CallerVerifier {
  const verify = createCallerVerifier(options);
  return {
    verify: (req) => verify({ token: req.get(callerTokenHeaderName), method: req.method, path: req.originalUrl }),
    nowMs: options.nowMs,
  };
}

/** Text, or anything that reveals it (a config Secret). */
type SecretText = string | { reveal(): string };
const textOf = (secret: SecretText): string => (typeof secret === "string" ? secret : secret.reveal());

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Checks `Authorization: Bearer <token>` in constant time. When none is configured, nobody is an operator. */
export function operatorVerifier(token: SecretText | undefined): OperatorVerifier {
  if (token === undefined) return () => false;
  const expected = digest(`Bearer ${textOf(token)}`);
  return (req) => timingSafeEqual(digest(req.get("authorization") ?? ""), expected);
}

const callerAuths: readonly Route["auth"][] = ["key", "session", "account", "visitor"];
const needsCaller = ({ auth }: Route): boolean => callerAuths.includes(auth);

/** Throws when the route's kind of auth has no verifier: a mistake of the composition, seen at the start. */
export function assertVerifiable(route: Route, verifiers: Verifiers): void {
  const { auth, method, path } = route;
  if (auth === "none" || (needsCaller(route) && verifiers.caller !== undefined)) return;
  if (auth === "operator" && verifiers.operator !== undefined) return;
  throw new Error(`${method.toUpperCase()} ${path} needs auth "${auth}", and no verifier for it is configured`);
}

/** Who makes a request that the gateway passes on. The signed token holds the request's id too, so that all services log one id. */
export async function callerOf(
  route: Route,
  verifiers: Verifiers,
  req: Request,
  res: Response,
): Promise<AccountCaller | Visitor | null> {
  if (!needsCaller(route) || verifiers.caller === undefined) return null;
  const call = await verifiers.caller.verify(req);
  if (call === null) throw new AppError(route.auth === "key" ? "missing_api_key" : "not_signed_in");
  setRequestId(req, res, call.requestId);
  const { caller } = call;
  if ((caller.kind === "visitor") !== (route.auth === "visitor")) throw new AppError("not_signed_in");
  if (caller.kind === "visitor") return caller;
  addToRequestLog(res, logged(caller));
  assertAdmitted(route, caller, verifiers.caller.nowMs());
  return caller;
}

const logged = (caller: AccountCaller): Record<string, string | null> =>
  caller.kind === "key"
    ? { keyId: caller.keyId, userId: caller.userId, orgId: caller.orgId }
    : { sessionId: caller.sessionId, userId: caller.userId };

/** Throws AppError 403 for a caller of the wrong kind, and for a session that lacks what the route requires of one. */
function assertAdmitted({ auth, requires = [] }: Route, caller: AccountCaller, nowMs: number): void {
  if (caller.kind === "key") {
    if (auth === "session" || requires.includes("operator")) throw new AppError("session_required");
    return;
  }
  if (auth === "key") throw new AppError("api_key_required");
  if (requires.includes("operator") && !caller.operator) throw new AppError("operator_required");
  const ageMs = nowMs - Date.parse(caller.authenticatedAt);
  if (requires.includes("recent authentication") && ageMs > recentAuthenticationMs) {
    throw new AppError("reauthentication_required");
  }
}

/** For everybody but an operator the path does not exist: the request leaves the router and gets the same 404 as any unknown path. */
export const operatorsOnly =
  (isOperator: OperatorVerifier): RequestHandler =>
  (req, _res, next) =>
    isOperator(req) ? next() : next("router");
