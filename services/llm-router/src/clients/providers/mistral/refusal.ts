import { isObject } from "@topdog/dialects/wire-value";
import type { RefusalReader } from "../../provider-http/http-api.ts";
import { refusalObject, statedRefusal } from "../../provider-http/refusal-text.ts";

/** `{ message, type, param, code }`; where the request is wrong, `detail` is a list of what is, also inside of the message. */
export const readRefusal: RefusalReader = (body) => {
  const given = refusalObject(body);
  const within = isObject(given["message"]) ? given["message"] : given;
  const [first] = Array.isArray(within["detail"]) ? (within["detail"] as unknown[]) : [];
  if (!isObject(first)) return statedRefusal(isObject(given["error"]) ? given["error"] : given);
  const place = Array.isArray(first["loc"]) ? first["loc"].filter((one) => one !== "body").join(".") : null;
  const message = place === null ? first["msg"] : `${place}: ${String(first["msg"])}`;
  return statedRefusal({ message, type: first["type"], param: place, code: given["code"] });
};
