import { AppError } from "@topdog/errors/app-error";
import type { KnownCaller } from "../store/known-callers.ts";
import type { PermitRefusal } from "../store/permit-entry.ts";
import type { Permits } from "../store/permits.ts";
import { toObject, type Call, type ServeCallDeps } from "./call.ts";
import { concurrencyLimitHeaders } from "./limit-views.ts";

type TakePermitDeps = Pick<ServeCallDeps, "permits" | "leases">;

const retryAfterSeconds = 1;

/**
 * One of the concurrent requests of the caller's plan, exact over all gateways; a call has it until its answer ends. Throws AppError
 * 429, or 503 when quota cannot be asked and nothing is held.
 */
export function takePermit(deps: TakePermitDeps, call: Call, caller: KnownCaller): void | Promise<void> {
  const { personal, org } = caller.principal.buckets;
  // A service account has no bucket of its own.
  const owner = personal ?? org;
  if (owner === null) throw new Error("a caller has neither a bucket of their own nor an org's");
  const outcome = deps.permits.take(owner);
  if (outcome === "taken") call.permitOf = owner;
  else if (outcome instanceof Promise) return settle(deps, call, caller, owner, outcome);
  else throw refusalOf(deps, call, caller, outcome);
}

async function settle(
  deps: TakePermitDeps,
  call: Call,
  caller: KnownCaller,
  owner: string,
  asked: ReturnType<Permits["take"]>,
): Promise<void> {
  const outcome = await asked;
  if (outcome !== "taken") throw refusalOf(deps, call, caller, outcome);
  if (call.presence.isGone) deps.permits.give(owner);
  else call.permitOf = owner;
}

function refusalOf(
  { leases }: TakePermitDeps,
  { facts }: Call,
  { principal }: KnownCaller,
  refusal: PermitRefusal,
): AppError {
  if (refusal.reason === "unavailable") return new AppError("temporary_reduced_capacity", { retryAfterSeconds });
  const { limit, running } = refusal;
  const allowed = `${limit} request${limit === 1 ? "" : "s"} at once`;
  const detail = `Your plan allows ${allowed}, and ${running} ${running === 1 ? "is" : "are"} running.`;
  const headers = toObject(concurrencyLimitHeaders(leases, principal, facts.operation.cost, limit));
  return new AppError("concurrent_requests_exceeded", { detail, retryAfterSeconds, headers });
}
