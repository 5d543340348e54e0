import type { IncomingMessage } from "node:http";
import type { KeyScope } from "@topdog/contracts/key-scopes";
import { AppError } from "@topdog/errors/app-error";
import type { ClientAddresses } from "@topdog/http-kit/client-address";
import type { KnownCaller } from "../store/known-callers.ts";

export interface CheckKeyDeps {
  readonly clientAddresses: ClientAddresses;
  /** Unix milliseconds: a key ends at a time of the calendar. */
  readonly nowMs: () => number;
}

/**
 * Whether the key may be used for this, now and from here; `scopes`: it needs one of them. Throws AppError 401 when it has expired,
 * else 403. A key without restrictions costs a comparison and allocates nothing.
 */
export function checkKey(
  { clientAddresses, nowMs }: CheckKeyDeps,
  { principal, checks }: KnownCaller,
  scopes: readonly KeyScope[],
  req: IncomingMessage,
): void {
  if (checks !== null) {
    if (nowMs() >= checks.expiresAtMs) throw new AppError("invalid_api_key", { detail: "The API key has expired." });
    if (checks.allowsAddress !== null) {
      const address = clientAddresses.wholeOfRequest(req);
      if (address === null || !checks.allowsAddress(address)) throw new AppError("address_not_allowed");
    }
  }
  for (const scope of scopes) if (principal.scopes.includes(scope)) return;
  throw new AppError("insufficient_scope", { detail: `The API key needs the scope ${scopes.join(" or ")}.` });
}
