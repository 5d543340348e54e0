import { isObject, type WireObject } from "@topdog/dialects/wire-value";
import { scrubText } from "@topdog/telemetry/scrub";
import type { StatedRefusal } from "./http-api.ts";

const text = (value: unknown): string | null => (typeof value === "string" ? scrubText(value) : null);
const withoutAddresses = (message: string): string => message.replaceAll(/\bhttps?:\/\/\S+/g, "[address]");

/** The object that a 4xx body holds, or the first of a list; empty when it is none. */
export function refusalObject(body: Buffer): WireObject {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    const one: unknown = Array.isArray(value) ? value[0] : value;
    return isObject(one) ? one : {};
  } catch {
    return {};
  }
}

/** Freed of addresses, keys and account names: only these members of a 4xx reach a caller. */
export function statedRefusal(members: WireObject): StatedRefusal {
  const { code } = members;
  return {
    message: withoutAddresses(text(members["message"]) ?? "The provider refused the request."),
    type: text(members["type"]),
    param: text(members["param"]),
    code: typeof code === "number" ? String(code) : text(code),
  };
}
