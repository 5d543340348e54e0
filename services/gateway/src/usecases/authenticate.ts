import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isApiKey } from "@topdog/contracts/api-key";
import { AppError } from "@topdog/errors/app-error";
import type { KnownCaller, Principals } from "../clients/principals.ts";
import { presentedKey } from "../domain/api-key.ts";

const oneOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function accepted(caller: KnownCaller | null): KnownCaller {
  if (caller === null) throw new AppError("invalid_api_key");
  return caller;
}

/** Who calls, by the request's API key; at once when the key was seen of late. Throws AppError 401, or 503 when nobody can say. */
export function authenticate(principals: Principals, headers: IncomingHttpHeaders): KnownCaller | Promise<KnownCaller> {
  const key = presentedKey(headers.authorization, oneOf(headers["x-api-key"]));
  if (key === null) throw new AppError("missing_api_key");
  if (!isApiKey(key)) throw new AppError("invalid_api_key");
  const found = principals.find(hash("sha256", key, "hex"));
  return found instanceof Promise ? found.then(accepted) : accepted(found);
}
