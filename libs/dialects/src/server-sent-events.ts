import { parseExactly } from "./exact-json.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const dataField = "data:";

/** The end of the event that begins at `from` (after its blank line), or -1 when it is not complete. */
export function eventEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(newline, from);
  while (at !== -1) {
    const next = bytes[at + 1];
    if (next === newline) return at + 2;
    if (next === carriageReturn && bytes[at + 2] === newline) return at + 3;
    at = bytes.indexOf(newline, at + 1);
  }
  return -1;
}

/**
 * The joined `data` fields of the event in `bytes[start, end)`; null when it has none. Read as latin1 where only the structure
 * matters, since JSON is ASCII outside of strings.
 */
export function eventData(
  bytes: Buffer,
  start: number,
  end: number,
  encoding: "latin1" | "utf8" = "latin1",
): string | null {
  if (bytes[start] === colon && bytes.indexOf(newline, start) >= end - 3) return null;
  const text = bytes.toString(encoding, start, end);
  // The usual event is one data line, which needs no joining.
  const isOneLine = text.startsWith(dataField) && text.indexOf("\n") >= text.length - 3;
  if (isOneLine) return text.slice(dataField.length).trim();
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith(dataField));
  return lines.length === 0 ? null : lines.map((line) => line.slice(dataField.length).trimStart()).join("\n");
}

/** The object in an event's data: null when there is none, undefined when the data is no JSON object. */
export function eventObject(
  bytes: Buffer,
  start: number,
  end: number,
  encoding: "latin1" | "utf8",
): Readonly<Record<string, unknown>> | null | undefined {
  const data = eventData(bytes, start, end, encoding);
  if (data === null) return null;
  try {
    const value = parseExactly(data);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

export const namedEvent = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
