import { type JsonSpan, valueAt } from "./json-scanner.ts";
import { invalid, isAbsent, isObject } from "./wire-value.ts";

/** Where parts of messages stand, in any of the dialects. What a tool was called with is the caller's own, whatever its members are named. */
const partMembers = ["content", "output", "source", "file"] as const;

/** The name may be written with escapes; few bodies have any of ASCII. */
const mayName = (body: Buffer): boolean => body.includes('"file_id"') || body.includes(String.raw`\u00`);

/**
 * A file that is named and not sent would be looked for under the platform's account at the provider, which all callers share.
 * Throws AppError invalid_request with its place. `span`: the list of messages or items.
 */
export function refuseNamedFiles(body: Buffer, span: JsonSpan | undefined, at: string): void {
  if (span === undefined || !mayName(body)) return;
  const left: { readonly value: unknown; readonly at: string }[] = [{ value: valueAt(body, span), at }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, at: place } = next;
    if (Array.isArray(value)) value.forEach((one, index) => left.push({ value: one, at: `${place}[${index}]` }));
    else if (isObject(value)) {
      if (!isAbsent(value["file_id"]))
        throw invalid(`${place}.file_id`, "A file that is only named is not possible here: send the file itself.");
      for (const member of partMembers) left.push({ value: value[member], at: `${place}.${member}` });
    }
  }
}
