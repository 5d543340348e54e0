import type { IncomingMessage, ServerResponse } from "node:http";
import type { KeyScope } from "@topdog/contracts/key-scopes";
import { AppError } from "@topdog/errors/app-error";
import { readBody, type BodyPace, type ReadBodyOptions } from "@topdog/http-kit/read-body";
import { toAppError } from "@topdog/http-kit/to-app-error";
import type { CallLimit } from "../metrics.ts";
import type { Concurrency, Load } from "../store/concurrency.ts";
import type { KeyUses } from "../store/key-uses.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import { authenticate, authenticateAgain, type AuthenticateDeps } from "./authenticate.ts";
import { checkKey, type CheckKeyDeps } from "./check-key.ts";

/** All that is decided before a call is charged: by its headers, its address and its key, then by its body as it arrives. */
export interface FrontDoor extends AuthenticateDeps, CheckKeyDeps {
  readonly keyUses: KeyUses;
  readonly addresses: Concurrency;
  readonly keys: Concurrency;
  readonly pace: BodyPace;
  readonly isDraining: () => boolean;
}

/** What one request counts for at the front door, from `enter` to `leave`. */
export interface Visit {
  readonly address: Load;
  key: Load | null;
  /** Of `Principals.changes`, when the key was found. */
  changes: number;
  bodyBytes: number;
  hasLeft: boolean;
}

const retryAfterSeconds = 1;

function tooMany(door: FrontDoor, limit: CallLimit, detail: string): AppError {
  door.onRefused(limit);
  return new AppError("too_many_calls", { detail, retryAfterSeconds });
}

/** Throws AppError 503 while draining, or 429. */
export function enter(door: FrontDoor, req: IncomingMessage): Visit {
  if (door.isDraining()) throw new AppError("shutting_down", { retryAfterSeconds });
  const address = door.addresses.enter(door.clientAddresses.ofRequest(req));
  if (address === null)
    throw tooMany(door, "calls_of_address", "Too many calls of this address are under way at once.");
  return { address, key: null, changes: 0, bodyBytes: 0, hasLeft: false };
}

/** Who calls, with a key that has one of these scopes; it is counted from here on. Throws AppError 401, 403, 429 or 503. */
export function identify(
  door: FrontDoor,
  visit: Visit,
  req: IncomingMessage,
  scopes: readonly KeyScope[],
): KnownCaller | Promise<KnownCaller> {
  const changes = door.principals.changes();
  const found = authenticate(door, req.headers, visit.address.of);
  const count = (caller: KnownCaller): KnownCaller => {
    checkKey(door, caller, scopes, req);
    visit.changes = changes;
    countCaller(door, visit, caller.keyHash);
    door.keyUses.note(caller);
    return caller;
  };
  return found instanceof Promise ? found.then(count) : count(found);
}

/** Counts the visit for its key or session, named by its hash, until it leaves. Throws AppError 429. */
export function countCaller(door: FrontDoor, visit: Visit, credentialHash: string): void {
  if (visit.hasLeft) return;
  visit.key = door.keys.enter(credentialHash);
  if (visit.key === null)
    throw tooMany(door, "calls_of_key", "Too many calls of this API key or session are under way at once.");
}

/** The whole body, held by the visit until it ends; null when the client has gone. Throws AppError 4xx, or 503 without memory for it. */
export async function takeBody(
  door: FrontDoor,
  visit: Visit,
  req: IncomingMessage,
  res: ServerResponse,
  limits: Pick<ReadBodyOptions, "maxBytes" | "unpacks">,
): Promise<Buffer | null> {
  const { address, key } = visit;
  const { bodies: budget } = key ?? address;
  if (!door.addresses.beginUpload(address))
    throw tooMany(door, "uploads_of_address", "Too many uploads of this address are under way at once.");
  if (key !== null && !door.keys.beginUpload(key)) {
    door.addresses.endUpload(address);
    throw tooMany(door, "uploads_of_key", "Too many uploads of this API key are under way at once.");
  }
  try {
    const body = await readBody(req, res, { ...limits, budget, pace: door.pace });
    if (body === null) return null;
    if (visit.hasLeft) {
      budget.give(body.length);
      return null;
    }
    visit.bodyBytes = body.length;
    return body;
  } catch (error) {
    if (toAppError(error).code === "overloaded") door.onRefused("body_bytes");
    throw error;
  } finally {
    door.addresses.endUpload(address);
    if (key !== null) door.keys.endUpload(key);
  }
}

/**
 * After an upload, which may have taken long: throws AppError 401 if the key has expired or been revoked meanwhile, 403 if it has been
 * restricted. Costs two comparisons if nothing changed.
 */
export function identifyAgain(
  door: FrontDoor,
  visit: Visit,
  req: IncomingMessage,
  scopes: readonly KeyScope[],
  caller: KnownCaller,
): KnownCaller | Promise<KnownCaller> {
  const check = (same: KnownCaller): KnownCaller => {
    checkKey(door, same, scopes, req);
    return same;
  };
  return visit.changes === door.principals.changes() ? check(caller) : authenticateAgain(door, caller).then(check);
}

export function leave(door: FrontDoor, visit: Visit): void {
  const { address, key, bodyBytes } = visit;
  visit.hasLeft = true;
  if (bodyBytes > 0) (key ?? address).bodies.give(bodyBytes);
  door.addresses.leave(address);
  if (key !== null) door.keys.leave(key);
}
