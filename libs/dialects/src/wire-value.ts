import { AppError } from "@topdog/errors/app-error";
import { parseExactly } from "./exact-json.ts";
import { scanJsonObject } from "./json-scanner.ts";

/** A JSON object as it came: nothing of it has been checked. */
export type WireObject = Readonly<Record<string, unknown>>;

export const invalid = (param: string, detail: string): AppError => new AppError("invalid_request", { param, detail });

/** For what changes the answer and is no part of a conversation. */
export const uncarried = (param: string): AppError =>
  invalid(param, `'${param}' is not possible here: the model's provider speaks another API, which has no such thing.`);

export function parseBody(body: Buffer): WireObject {
  scanJsonObject(body);
  return parseExactly(body.toString("utf8")) as WireObject;
}

/** Of a provider's answer: null for what is no object. */
export function parseObject(body: Buffer): WireObject | null {
  try {
    const value = parseExactly(body.toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export const isObject = (value: unknown): value is WireObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);

export const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

export function objectOf(value: unknown, param: string): WireObject {
  if (isObject(value)) return value;
  throw invalid(param, `'${param}' must be an object.`);
}

/** Empty when it is absent. */
export function listOf(value: unknown, param: string): readonly unknown[] {
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw invalid(param, `'${param}' must be an array.`);
}

export function textOf(value: unknown, param: string): string {
  if (typeof value === "string") return value;
  throw invalid(param, `'${param}' must be a string.`);
}

export const optionalText = (value: unknown, param: string): string | null =>
  isAbsent(value) ? null : textOf(value, param);

export function optionalNumber(value: unknown, param: string): number | null {
  if (isAbsent(value)) return null;
  const number = JSON.isRawJSON(value) ? Number(value.rawJSON) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw invalid(param, `'${param}' must be a number.`);
}

export function optionalCount(value: unknown, param: string, least: number): number | null {
  const count = optionalNumber(value, param);
  if (count === null || (Number.isSafeInteger(count) && count >= least)) return count;
  throw invalid(param, `'${param}' must be a whole number of at least ${least}.`);
}

export function optionalFlag(value: unknown, param: string): boolean | null {
  if (isAbsent(value)) return null;
  if (typeof value === "boolean") return value;
  throw invalid(param, `'${param}' must be a boolean.`);
}

/** The names in a list with blanks between. */
export const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));

const saysNothing = (value: unknown): boolean => isAbsent(value) || (Array.isArray(value) && value.length === 0);

/** Names in `dropped` the members of an object that say something and are not among `known`. Items of a list go by the list's name: `tools.defer_loading`. */
export function nameUnknown(dropped: Set<string>, object: WireObject, known: ReadonlySet<string>, place = ""): void {
  for (const name of Object.keys(object)) {
    if (known.has(name) || saysNothing(object[name])) continue;
    // It may stand at every block, and is one wish.
    dropped.add(place === "" || name === "cache_control" ? name : `${place}.${name}`);
  }
}

/** A provider's count of something; 0 when it does not say. */
export const countOf = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

export const wordOf = (value: unknown): string => (typeof value === "string" ? value : "");
