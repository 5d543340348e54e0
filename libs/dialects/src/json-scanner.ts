import { isUtf8 } from "node:buffer";
import { AppError } from "@topdog/errors/app-error";
import { parseExactly } from "./exact-json.ts";
import { createKeyStack, type KeyStack } from "./json-keys.ts";

/** Where a value stands: `bytes[start, end)`, without the white space around it. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** A member's value, and where its key begins: at its quote. */
export interface JsonMember extends JsonSpan {
  readonly keyStart: number;
}

/** Where the members of an object stand. */
export interface JsonMembers extends JsonSpan {
  readonly members: ReadonlyMap<string, JsonMember>;
}

const maxDepth = 128;
const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Whether four bytes at once are plain characters of a string. Each term has the high bit of a byte set that is below 0x20, a
 * quote, or a backslash (Mycroft's test for a zero byte); a false alarm only costs a look at each byte.
 */
function arePlain(four: number): boolean {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  const alarms =
    ((four - 0x20202020) & ~four) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return (alarms & 0x80808080) === 0;
}

/** 1 for what ends a run of plain characters in a string: the quote, the backslash, control characters. */
const endsRun = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === quote || byte === backslash ? 1 : 0,
);
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= 0x39;
const isHexDigit = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
/** 1 for each character that makes a two-character escape after a backslash. */
const isEscape = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCodePoint(byte)) ? 1 : 0,
);
const literals: Readonly<Record<number, Buffer>> = {
  0x74: Buffer.from("true"),
  0x66: Buffer.from("false"),
  0x6e: Buffer.from("null"),
};

/**
 * One pass over JSON text (RFC 8259) that keeps nothing but where the top object's members stand. A class, because its position
 * and its stack of keys belong to one text; recursion is bounded by `maxDepth`.
 */
class JsonScanner {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #keys: KeyStack;
  #position: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#keys = createKeyStack(bytes);
    this.#position = start;
  }

  /** The whole text: one object, and white space around it. */
  topObject(): JsonMembers {
    const bytes = this.#bytes;
    if (this.#skipSpace() !== openBrace) {
      if (this.#position === bytes.length) throw this.#malformed();
      this.#value(1);
      throw new AppError("malformed_json", { detail: "The body is not a JSON object." });
    }
    const object = this.objectAt();
    this.#skipSpace();
    if (this.#position < bytes.length) throw this.#malformed();
    return object;
  }

  objectAt(): JsonMembers {
    const start = this.#position;
    const members = new Map<string, JsonMember>();
    this.#object(1, members);
    return { start, end: this.#position, members };
  }

  #malformed(): AppError {
    const detail = `The body is not valid JSON: unexpected ${this.#position < this.#bytes.length ? "character" : "end"} at byte ${this.#position}.`;
    return new AppError("malformed_json", { detail });
  }

  /** The byte after any white space. */
  #skipSpace(): number | undefined {
    const bytes = this.#bytes;
    let at = this.#position;
    let byte = bytes[at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
    this.#position = at;
    return byte;
  }

  #value(depth: number): void {
    const byte = this.#skipSpace();
    if (byte === quote) return this.#string();
    if (byte === openBrace) return this.#object(depth, null);
    if (byte === openBracket) return this.#array(depth);
    if (byte === minus || isDigit(byte)) return this.#number();
    const literal = byte === undefined ? undefined : literals[byte];
    if (literal === undefined) throw this.#malformed();
    for (const expected of literal) {
      if (this.#bytes[this.#position] !== expected) throw this.#malformed();
      this.#position += 1;
    }
  }

  #enter(depth: number): void {
    if (depth > maxDepth) {
      const detail = `The body's JSON is nested more than ${maxDepth} levels deep.`;
      throw new AppError("invalid_request", { detail });
    }
    this.#position += 1;
  }

  #object(depth: number, members: Map<string, JsonMember> | null): void {
    this.#enter(depth);
    const keys = this.#keys;
    keys.enter();
    let byte = this.#skipSpace();
    if (byte === closeBrace) this.#position += 1;
    while (byte !== closeBrace) {
      if (byte !== quote) throw this.#malformed();
      const keyStart = this.#position + 1;
      this.#string();
      const keyEnd = this.#position - 1;
      const repeated = keys.add(keyStart, keyEnd);
      if (repeated !== null) throw duplicateKey(repeated, depth);
      if (this.#skipSpace() !== colon) throw this.#malformed();
      this.#position += 1;
      this.#skipSpace();
      const start = this.#position;
      this.#value(depth + 1);
      members?.set(keys.name(keyStart, keyEnd), { start, end: this.#position, keyStart: keyStart - 1 });
      byte = this.#next(closeBrace);
    }
    keys.leave();
  }

  #array(depth: number): void {
    this.#enter(depth);
    let byte = this.#skipSpace();
    if (byte === closeBracket) this.#position += 1;
    while (byte !== closeBracket) {
      this.#value(depth + 1);
      byte = this.#next(closeBracket);
    }
  }

  /** After a value: skips the comma before the next one, or the container's end. */
  #next(close: number): number | undefined {
    const byte = this.#skipSpace();
    if (byte !== comma && byte !== close) throw this.#malformed();
    this.#position += 1;
    if (byte === close) return close;
    const next = this.#skipSpace();
    if (next === close) throw this.#malformed();
    return next;
  }

  #string(): void {
    const bytes = this.#bytes;
    const view = this.#view;
    const lastFour = bytes.length - 4;
    let at = this.#position + 1;
    for (;;) {
      while (at <= lastFour && arePlain(view.getInt32(at, true))) at += 4;
      while (endsRun[bytes[at]!] === 0) at += 1;
      const byte = bytes[at];
      if (byte === quote) break;
      if (byte === backslash && isEscape[bytes[at + 1]!] === 1) at += 2;
      else at = this.#unicodeEscape(at);
    }
    this.#position = at + 1;
  }

  /** The position behind the `\\uXXXX` that must stand here. */
  #unicodeEscape(at: number): number {
    this.#position = at;
    if (this.#bytes[at] !== backslash || this.#bytes[at + 1] !== 0x75) throw this.#malformed();
    for (this.#position += 2; this.#position < at + 6; this.#position += 1) {
      if (!isHexDigit(this.#bytes[this.#position])) throw this.#malformed();
    }
    return at + 6;
  }

  #number(): void {
    if (this.#bytes[this.#position] === minus) this.#position += 1;
    if (this.#bytes[this.#position] === zero) this.#position += 1;
    else this.#digits();
    if (this.#bytes[this.#position] === dot) {
      this.#position += 1;
      this.#digits();
    }
    if ((this.#bytes[this.#position] ?? 0) === 0x65 || this.#bytes[this.#position] === 0x45) {
      this.#position += 1;
      const sign = this.#bytes[this.#position];
      if (sign === minus || sign === 0x2b) this.#position += 1;
      this.#digits();
    }
  }

  /** One or more. */
  #digits(): void {
    if (!isDigit(this.#bytes[this.#position])) throw this.#malformed();
    while (isDigit(this.#bytes[this.#position])) this.#position += 1;
  }
}

function duplicateKey(name: string, depth: number): AppError {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  const detail = `The key '${shown}' appears twice in one object.`;
  return new AppError("invalid_request", { detail, param: depth === 1 ? shown : undefined });
}

/**
 * Reads a text that is one JSON object and says where its members stand; the values stay bytes. Throws AppError
 * malformed_json, or invalid_request for a key that any of its objects has twice (two readers might take different ones)
 * and for nesting beyond 128 levels.
 */
export function scanJsonObject(bytes: Buffer): JsonMembers {
  if (!isUtf8(bytes)) throw new AppError("malformed_json", { detail: "The body is not UTF-8." });
  return new JsonScanner(bytes, 0).topObject();
}

/** The members of an object within a text that has been scanned. */
export const membersOf = (bytes: Buffer, { start }: JsonSpan): JsonMembers => new JsonScanner(bytes, start).objectAt();

/** The value at a place of a text that has been scanned; for short ones. */
export const valueAt = (bytes: Buffer, { start, end }: JsonSpan): unknown =>
  parseExactly(bytes.toString("utf8", start, end));
