import type { StreamReader } from "@topdog/dialects/dialect";
import { eventEnd } from "@topdog/dialects/server-sent-events";

const maxHeldBytes = 1024 * 1024;

export interface Split {
  /** What may be passed on: whole events, without the withheld ones. */
  readonly pass: readonly Buffer[];
  /** Why nothing more is read: the end, the provider's own error, or an unreadable event. */
  readonly stop: "end" | "error" | "rate_limited" | "overloaded" | "malformed" | "oversized" | null;
  /** The end event, which is not among what may be passed on. */
  readonly endEvent: Buffer | null;
}

/** Cuts a stream of bytes into events without copying them: an event's rest is kept until its blank line comes. */
export function createEventSplitter(reader: StreamReader): { push(chunk: Buffer): Split } {
  let rest: Buffer | null = null;

  /** True to pass the event on, false to withhold it, or why to stop. */
  function judge(bytes: Buffer, start: number, end: number): boolean | NonNullable<Split["stop"]> {
    const meaning = reader.read(bytes, start, end);
    switch (meaning) {
      case "content":
      case "opening":
        return true;
      case "withheld":
        return false;
      case "comment":
        return reader.contentEvents() > 0;
      default:
        return meaning;
    }
  }

  return {
    push(chunk) {
      const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      rest = null;
      const pass: Buffer[] = [];
      let passFrom = 0;
      let position = 0;
      for (;;) {
        const end = eventEnd(bytes, position);
        if (end === -1) break;
        const judgement = judge(bytes, position, end);
        if (judgement !== true) {
          if (position > passFrom) pass.push(bytes.subarray(passFrom, position));
          if (judgement !== false) {
            const endEvent = judgement === "end" ? bytes.subarray(position, end) : null;
            return { pass, stop: judgement, endEvent };
          }
          passFrom = end;
        }
        position = end;
      }
      if (position > passFrom) pass.push(bytes.subarray(passFrom, position));
      if (position < bytes.length) rest = bytes.subarray(position);
      const isTooLong = rest !== null && rest.length > maxHeldBytes;
      return { pass, stop: isTooLong ? "oversized" : null, endEvent: null };
    },
  };
}
