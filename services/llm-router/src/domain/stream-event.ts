import { readUsage, type TokenUsage } from "./token-usage.ts";

/**
 * What one server-sent event of a chat completion is:
 * "filler" a comment; "opening" nothing that a user would see (a role); "content" anything that counts as output;
 * "usage" the usage chunk and nothing else; "done" the end; "error" the provider's; "malformed" not readable.
 */
export type StreamEvent =
  | { readonly kind: "filler" | "opening" | "done" | "malformed" }
  | { readonly kind: "content"; readonly usage: TokenUsage | null }
  | { readonly kind: "usage"; readonly usage: TokenUsage | null }
  | { readonly kind: "error"; readonly rateLimited: boolean };

const colon = 0x3a;
const newline = 0x0a;
const carriageReturn = 0x0d;
const dataField = "data:";

const filler: StreamEvent = { kind: "filler" };
const opening: StreamEvent = { kind: "opening" };
const done: StreamEvent = { kind: "done" };
const malformed: StreamEvent = { kind: "malformed" };
const content: StreamEvent = { kind: "content", usage: null };

/** The end of the event that begins at `from` (behind its blank line), or -1 when it is not complete. */
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

interface Chunk {
  readonly choices?: readonly { readonly delta?: Record<string, unknown>; readonly finish_reason?: unknown }[];
  readonly usage?: unknown;
  readonly error?: { readonly type?: unknown; readonly code?: unknown } | null;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function hasOutput(chunk: Chunk): boolean {
  for (const choice of chunk.choices ?? []) {
    if (!isEmpty(choice.finish_reason)) return true;
    const { delta } = choice;
    if (delta === undefined || delta === null) continue;
    for (const name in delta) if (name !== "role" && !isEmpty(delta[name])) return true;
  }
  return false;
}

function fromChunk(chunk: Chunk): StreamEvent {
  if (!isEmpty(chunk.error)) {
    const text = `${String(chunk.error?.type)} ${String(chunk.error?.code)}`;
    return { kind: "error", rateLimited: /rate_limit|insufficient_quota/.test(text) };
  }
  if (!Array.isArray(chunk.choices)) return malformed;
  const usage = isEmpty(chunk.usage) ? null : readUsage(chunk.usage);
  if (hasOutput(chunk)) return usage === null ? content : { kind: "content", usage };
  if (!isEmpty(chunk.usage)) return { kind: "usage", usage };
  return opening;
}

/** The joined `data` fields of an event; null when it has none. */
function dataOf(text: string): string | null {
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith(dataField));
  return lines.length === 0 ? null : lines.map((line) => line.slice(dataField.length).trimStart()).join("\n");
}

/** Reads the event in `bytes[start, end)`. */
export function readStreamEvent(bytes: Buffer, start: number, end: number): StreamEvent {
  if (bytes[start] === colon) return filler;
  // Only the structure matters here, and JSON is ASCII outside of strings: latin1 is the cheaper reading.
  const text = bytes.toString("latin1", start, end);
  // The usual event is one data line: its JSON needs no copy by lines.
  const isOneLine = text.startsWith(dataField) && text.indexOf("\n") >= text.length - 3;
  const data = isOneLine ? text.slice(dataField.length).trim() : dataOf(text);
  if (data === null) return filler;
  if (data === "[DONE]") return done;
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === "object" && chunk !== null ? fromChunk(chunk) : malformed;
  } catch {
    return malformed;
  }
}
