import { isObject } from "@topdog/dialects/wire-value";
import type { RefusalReader } from "../../provider-http/http-api.ts";
import { refusalObject, statedRefusal } from "../../provider-http/refusal-text.ts";

const seconds = /^(\d+(?:\.\d+)?)s$/;

/** `error: { message, status, details }`; among the details are a reason, and how long to wait after a limit. */
export const readRefusal: RefusalReader = (body) => {
  const { error } = refusalObject(body);
  if (!isObject(error)) return statedRefusal({});
  const details = Array.isArray(error["details"]) ? error["details"].filter(isObject) : [];
  const reason = details.find((one) => typeof one["reason"] === "string")?.["reason"];
  const delay = details.map((one) => seconds.exec(String(one["retryDelay"]))?.[1]).find((one) => one !== undefined);
  const stated = statedRefusal({ message: error["message"], type: error["status"], code: reason });
  return delay === undefined ? stated : { ...stated, retryAfterSeconds: Number(delay) };
};
