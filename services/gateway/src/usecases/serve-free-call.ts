import { AppError } from "@topdog/errors/app-error";
import { todayAt } from "../domain/quota-clock.ts";
import { freeCallHeaders } from "../domain/rate-limit.ts";
import type { KnownCaller } from "../store/known-callers.ts";
import { refuse, toObject, type Call, type ServeCallDeps } from "./call.ts";
import { forwardCall } from "./forward-call.ts";

/** A call that takes nothing of any daily limit: bounded for each key by the minute, at this gateway. */
export function serveFreeCall(deps: ServeCallDeps, call: Call, caller: KnownCaller, againLeft: number): void {
  const allowance = deps.freeCalls.take(caller.principal.keyId);
  const limits = freeCallHeaders(allowance);
  if (!allowance.isAllowed) {
    const { limit, waitSeconds } = allowance;
    const detail = `An API key may send ${limit} of these a minute to one gateway.`;
    const error = new AppError("free_calls_exceeded", { detail, retryAfterSeconds: waitSeconds });
    return refuse(deps, call, error, "free_calls_exceeded", toObject([...limits, ...caller.byokHeaders]));
  }
  const { leases } = deps;
  const day = todayAt(leases.clock, leases.monotonicMs());
  const admission = { outcome: "admitted", source: "personal", day, charges: [], slots: [] } as const;
  forwardCall(deps, call, { admission: { ...admission, charges: [] }, caller, body: null, againLeft, limits });
}
