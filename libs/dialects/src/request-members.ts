import { type JsonSpan, valueAt } from "./json-scanner.ts";
import { invalid } from "./wire-value.ts";

/** Fields by which a body could redirect a call or replace the platform's credential. */
const foreignFields = ["api_key", "api_base", "base_url", "organization", "extra_headers", "headers"] as const;

const openBracket = 0x5b;
const maxModelBytes = 1024;

export function modelOf(body: Buffer, span: JsonSpan | undefined): string {
  const isShort = span !== undefined && span.end - span.start <= maxModelBytes;
  const model = isShort ? valueAt(body, span) : null;
  if (typeof model !== "string" || model === "") throw invalid("model", "You must provide a model parameter.");
  return model;
}

export function nonEmptyListOf(body: Buffer, span: JsonSpan | undefined, param: string): void {
  if (span === undefined || body[span.start] !== openBracket) throw invalid(param, `'${param}' must be an array.`);
  const content = body.toString("latin1", span.start + 1, Math.min(span.end, span.start + 64));
  if (content.trimStart().startsWith("]")) throw invalid(param, `'${param}' must not be empty.`);
}

/** The text of true, false, null or a number of few digits; empty for anything longer. */
export const shortText = (body: Buffer, { start, end }: JsonSpan): string =>
  end - start > 5 ? "" : body.toString("latin1", start, end);

/** False also for null and for what is not there. */
export function flagOf(body: Buffer, span: JsonSpan | undefined, param: string): boolean {
  const text = span === undefined ? "null" : shortText(body, span);
  if (text === "true") return true;
  if (text === "false" || text === "null") return false;
  throw invalid(param, `'${param}' must be a boolean.`);
}

const quote = 0x22;
/** At list price, or below. Others cost a multiple of what is metered. */
const usualTiers: ReadonlySet<string> = new Set(["auto", "default", "flex", "standard", "standard_only"]);

/** Whether the call is one that the provider serves when it has room. Throws AppError for a price other than the list's. */
export function isFlexible(body: Buffer, span: JsonSpan | undefined): boolean {
  if (span === undefined || shortText(body, span) === "null") return false;
  const isShort = body[span.start] === quote && span.end - span.start <= 64;
  const tier = isShort ? (valueAt(body, span) as string) : "";
  if (usualTiers.has(tier)) return tier === "flex";
  throw invalid("service_tier", `'service_tier' must be one of ${[...usualTiers].join(", ")}.`);
}

/** Refuses those that no request may have, and `more`. */
export function refuseMembers(members: ReadonlyMap<string, JsonSpan>, more: readonly string[]): void {
  for (const field of foreignFields) if (members.has(field)) throw invalid(field, `'${field}' is not accepted here.`);
  for (const field of more) if (members.has(field)) throw invalid(field, `'${field}' is not offered here.`);
}
