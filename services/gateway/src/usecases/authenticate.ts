import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { hasApiKeyShape, isApiKey } from "@topdog/contracts/api-key";
import { AppError } from "@topdog/errors/app-error";
import { presentedKey } from "../domain/api-key.ts";
import type { CallLimit } from "../metrics.ts";
import type { BadKeys } from "../store/bad-keys.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import type { Principals } from "../store/principals.ts";

export interface AuthenticateDeps {
  readonly principals: Principals;
  readonly badKeys: BadKeys;
  readonly onRefused: (limit: CallLimit) => void;
}

const oneOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/**
 * Who calls, by the request's API key; at once when the key was used recently. A key that is not known costs its address an
 * attempt, and one with a wrong checksum is never looked up. Throws AppError 401, 429 after too many bad keys, 503 when
 * org-registry cannot tell.
 */
export function authenticate(
  deps: AuthenticateDeps,
  headers: IncomingHttpHeaders,
  address: string,
): KnownCaller | Promise<KnownCaller> {
  const key = keyIn(headers);
  if (key === null) throw new AppError("missing_api_key");
  if (!hasApiKeyShape(key)) return tryUnknown(deps, null, address);
  const keyHash = hash("sha256", key, "hex");
  return deps.principals.recall(keyHash) ?? tryUnknown(deps, isApiKey(key) ? keyHash : null, address);
}

/** The API key of a request, in any header that SDKs put it in; null when there is none. */
export const keyIn = (headers: IncomingHttpHeaders): string | null =>
  presentedKey(headers.authorization, oneOf(headers["x-api-key"]), oneOf(headers["api-key"]));

/** `keyHash` is null for what cannot be a key. */
async function tryUnknown(deps: AuthenticateDeps, keyHash: string | null, address: string): Promise<KnownCaller> {
  const caller = await lookUpFor(deps, address, () => (keyHash === null ? null : deps.principals.find(keyHash)));
  if (caller === null) throw new AppError("invalid_api_key");
  return caller;
}

/**
 * Looks a credential up that is not known here, a key or a session, at its address's cost: null, for a wrong one, spends a part of the
 * address's allowance. Throws AppError 429 when that is spent, 503 while all of it is under way.
 */
export async function lookUpFor<T>(
  { badKeys, onRefused }: Pick<AuthenticateDeps, "badKeys" | "onRefused">,
  address: string,
  find: () => T | null | Promise<T | null>,
): Promise<T | null> {
  const attempt = badKeys.begin(address);
  if (typeof attempt === "string") onRefused("bad_keys");
  if (attempt === "spent") throw new AppError("too_many_bad_keys", { retryAfterSeconds: badKeys.waitSeconds });
  if (attempt === "busy") {
    const detail = "Too many keys or sessions of this address are being looked up.";
    throw new AppError("overloaded", { detail, retryAfterSeconds: 1 });
  }
  let found: T | null;
  try {
    found = await find();
  } catch (error) {
    badKeys.end(attempt, "unanswered");
    throw error;
  }
  badKeys.end(attempt, found === null ? "bad" : "good");
  return found;
}

/** The same caller after some time, from memory unless something changed; throws AppError 401 when the key was revoked meanwhile. */
export async function authenticateAgain(
  { principals }: AuthenticateDeps,
  { keyHash }: KnownCaller,
): Promise<KnownCaller> {
  const caller = principals.recall(keyHash) ?? (await principals.find(keyHash));
  if (caller === null) throw new AppError("invalid_api_key");
  return caller;
}
