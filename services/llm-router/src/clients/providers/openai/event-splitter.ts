import { eventEnd, readStreamEvent } from "../../../domain/stream-event.ts";
import type { TokenUsage } from "../../../domain/token-usage.ts";

const maxHeldBytes = 1024 * 1024;

export interface Split {
  /** What may be passed on: whole events, without the withheld ones. */
  readonly pass: readonly Buffer[];
  /** Why nothing more is read: the end, the provider's own error, or an unreadable event. */
  readonly stop: "done" | "error" | "rate_limited" | "malformed" | null;
}

export interface EventSplitter {
  push(chunk: Buffer): Split;
  contentEvents(): number;
  usage(): TokenUsage | null;
}

/** Cuts a stream of bytes into events without copying them: an event's rest is kept until its blank line comes. */
export function createEventSplitter({ passUsage }: { passUsage: boolean }): EventSplitter {
  let rest: Buffer | null = null;
  let contentEvents = 0;
  let usage: TokenUsage | null = null;

  /** True to pass the event on, false to withhold it, or why to stop. */
  function judge(bytes: Buffer, start: number, end: number): boolean | NonNullable<Split["stop"]> {
    const event = readStreamEvent(bytes, start, end);
    switch (event.kind) {
      case "content":
        contentEvents += 1;
        usage = event.usage ?? usage;
        return true;
      case "usage":
        usage = event.usage ?? usage;
        return passUsage;
      case "opening":
        return true;
      case "filler":
        return contentEvents > 0;
      case "error":
        return event.rateLimited ? "rate_limited" : "error";
      default:
        return event.kind;
    }
  }

  return {
    contentEvents: () => contentEvents,
    usage: () => usage,
    push(chunk) {
      const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      rest = null;
      const pass: Buffer[] = [];
      let passFrom = 0;
      let position = 0;
      for (;;) {
        const end = eventEnd(bytes, position);
        if (end === -1) break;
        const verdict = judge(bytes, position, end);
        if (verdict !== true) {
          if (position > passFrom) pass.push(bytes.subarray(passFrom, position));
          if (verdict !== false) return { pass, stop: verdict };
          passFrom = end;
        }
        position = end;
      }
      if (position > passFrom) pass.push(bytes.subarray(passFrom, position));
      if (position < bytes.length) rest = bytes.subarray(position);
      return { pass, stop: rest !== null && rest.length > maxHeldBytes ? "malformed" : null };
    },
  };
}
