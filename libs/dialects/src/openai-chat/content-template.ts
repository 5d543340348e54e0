/**
 * Recognises events that differ from an earlier one only in the text of some strings: what was found out about that one by
 * parsing it holds for them too. Nearly all events of a stream are such, and comparing bytes costs a fraction of parsing.
 */
export interface ContentTemplate {
  /** An event that was parsed as one of text only. */
  learn(bytes: Buffer, start: number, end: number): void;
  /** The event is like the one that was learned last, and its text is not empty. */
  matches(bytes: Buffer, start: number, end: number): boolean;
}

const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;
const notInJson = -1;
/** A stream whose events differ in more than their text is not worth more attempts. */
const maxLearned = 8;
const simpleEscapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

/** What OpenAI fills up with random letters, so that the length of an event does not tell that of its text. */
const names = ['"content":"', '"obfuscation":"'];

/** Where the string that begins at `from` ends: at its quote. `notInJson` for what needs a parser, or is wrong. */
function endOfText(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === quote) return at;
    if (byte < firstPrintable) return notInJson;
    if (byte !== backslash) continue;
    at += 1;
    if (!simpleEscapes.has(bytes[at] as number)) return notInJson;
  }
  return notInJson;
}

/** The bytes around the strings that may differ; empty when the event has no such string. */
function segmentsOf(bytes: Buffer, start: number, end: number): Buffer[] {
  const event = bytes.subarray(start, end);
  const segments: Buffer[] = [];
  let from = 0;
  for (const name of names) {
    const at = event.indexOf(name, from);
    if (at === -1) continue;
    const textAt = at + name.length;
    const textEnd = endOfText(event, textAt, event.length);
    if (textEnd === notInJson) return [];
    segments.push(Buffer.from(event.subarray(from, textAt)));
    from = textEnd;
  }
  // Copied, for the chunk is not to be kept.
  if (segments.length > 0) segments.push(Buffer.from(event.subarray(from)));
  return segments;
}

/** Whether `segment` stands at `at`. */
const standsAt = (segment: Buffer, bytes: Buffer, at: number, end: number): boolean =>
  at + segment.length <= end && segment.compare(bytes, at, at + segment.length) === 0;

export function createContentTemplate(): ContentTemplate {
  let segments: Buffer[] = [];
  let learned = 0;
  return {
    learn(bytes, start, end) {
      learned += 1;
      if (learned > maxLearned) return;
      segments = segmentsOf(bytes, start, end);
    },
    matches(bytes, start, end) {
      if (segments.length === 0) return false;
      let at = start;
      for (let index = 0; index < segments.length; index += 1) {
        const segment = segments[index] as Buffer;
        if (!standsAt(segment, bytes, at, end)) return false;
        at += segment.length;
        if (index === segments.length - 1) return at === end;
        const textEnd = endOfText(bytes, at, end);
        if (textEnd === notInJson || (index === 0 && textEnd === at)) return false;
        at = textEnd;
      }
      return false;
    },
  };
}
