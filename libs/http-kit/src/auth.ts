import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { type CallerVerifierOptions, createCallerVerifier } from "@topdog/caller-token/verify";
import { type AccountCall, callerTokenHeaderName } from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import { setRequestId } from "./request-id.ts";
import { addToRequestLog } from "./request-log.ts";
import type { Route } from "./route-types.ts";

/** Who calls, as the gateway signed it; null without a valid signature. */
export type SiblingVerifier = (req: Request) => AccountCall | null | Promise<AccountCall | null>;
/** Whether the request shows an operator's credential. */
export type OperatorVerifier = (req: Request) => boolean;

/** How this process checks each kind of auth. A route whose kind has no verifier here cannot be mounted. */
export interface Verifiers {
  readonly sibling?: SiblingVerifier;
  readonly operator?: OperatorVerifier;
}

/** Checks the token that the gateway signs for this one request to this service. */
export function siblingVerifier(options: CallerVerifierOptions): SiblingVerifier {
  const verify = createCallerVerifier(options);
  return (req) => verify({ token: req.get(callerTokenHeaderName), method: req.method, path: req.originalUrl });
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

/** Throws when the route's kind of auth has no verifier: a mistake of the composition, seen at the start. */
export function assertVerifiable({ auth, method, path }: Route, verifiers: Verifiers): void {
  if (auth === "none" || (verifiers as Readonly<Record<string, unknown>>)[auth] !== undefined) return;
  throw new Error(`${method.toUpperCase()} ${path} needs auth "${auth}", and no verifier for it is configured`);
}

/** Who makes a request that a sibling passes on. The signed token holds the request's id too, so that all services log one id. */
export async function callerOf(
  { auth }: Route,
  verifiers: Verifiers,
  req: Request,
  res: Response,
): Promise<AccountCall | null> {
  if (auth !== "sibling") return null;
  const caller = (await verifiers.sibling?.(req)) ?? null;
  if (caller === null) throw new AppError("missing_api_key");
  setRequestId(req, res, caller.requestId);
  const { keyId, userId, orgId } = caller.principal;
  addToRequestLog(res, { keyId, userId, orgId });
  return caller;
}

/** For everybody but an operator the path does not exist: the request leaves the router and gets the same 404 as any unknown path. */
export const operatorsOnly =
  (isOperator: OperatorVerifier): RequestHandler =>
  (req, _res, next) =>
    isOperator(req) ? next() : next("router");
