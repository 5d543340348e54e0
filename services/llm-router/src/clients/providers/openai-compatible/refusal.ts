import { isObject } from "@topdog/dialects/wire-value";
import type { RefusalReader } from "../../provider-http/http-api.ts";
import { refusalObject, statedRefusal } from "../../provider-http/refusal-text.ts";

/** `{ error: { message, type, param, code } }`; some leave out the outer object. */
export const readRefusal: RefusalReader = (body) => {
  const given = refusalObject(body);
  return statedRefusal(isObject(given["error"]) ? given["error"] : given);
};
