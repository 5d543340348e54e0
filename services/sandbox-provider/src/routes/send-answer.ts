import type { ServerResponse } from "node:http";
import type { CallEntry } from "../domain/call-log.ts";
import { type Faults, noFaults } from "../domain/faults.ts";
import type { Dialect, StreamingDialect } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";

export interface Pace {
  /** Until the first token. */
  readonly ttftMs: number;
  readonly tokenIntervalMs: number;
}

export interface Sending {
  readonly entry: CallEntry;
  readonly fault: Partial<Faults>;
  readonly pace: Pace;
  readonly dialect: Dialect;
}

interface SentStream {
  readonly events: readonly string[];
  /** What a complete stream ends with. */
  readonly end: string;
}

const sseHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
const upstreamError = (): AppError => new AppError("upstream_failed", { detail: "The sandbox was told to fail." });

function complete(entry: CallEntry): void {
  entry.completed = true;
  entry.sentTokens = entry.completionTokens;
}

/** Half of an answer, then what the fault says: an answer that ends early is not valid JSON. */
function sendBrokenText(res: ServerResponse, body: Buffer, fault: Partial<Faults>): void {
  const { length } = body;
  const half = body.subarray(0, Math.floor(length / 2));
  if (fault.malformedAtChunk !== undefined) {
    res.writeHead(200, { "content-type": "application/json", "content-length": half.length }).end(half);
    return;
  }
  res.writeHead(200, { "content-type": "application/json", "content-length": length });
  if (fault.stallAfterChunks !== undefined) res.write(half);
  else res.write(half, () => res.destroy());
}

/** A plain answer, after the time that its tokens would have taken. */
export function sendText(res: ServerResponse, body: Buffer, { entry, fault, pace, dialect }: Sending): void {
  const send = (): void => {
    if (res.destroyed) return;
    const broken = fault.cutAfterChunks ?? fault.stallAfterChunks ?? fault.malformedAtChunk;
    if (broken !== undefined) return sendBrokenText(res, body, fault);
    const failed = (): Buffer => Buffer.from(JSON.stringify(dialect.errors.body(upstreamError(), "")));
    const text = fault.errorEventAtStart === true ? failed() : body;
    if (fault.errorEventAtStart !== true) complete(entry);
    res.writeHead(200, { "content-type": "application/json", "content-length": text.length }).end(text);
  };
  const durationMs = pace.ttftMs + pace.tokenIntervalMs * entry.completionTokens;
  if (durationMs === 0) return send();
  const timer = setTimeout(send, durationMs);
  res.on("close", () => clearTimeout(timer));
}

/** The events of a stream, one per interval; with no interval and no fault, all in one write. */
export function sendEvents(
  res: ServerResponse,
  { events, end }: SentStream,
  { entry, fault, pace, dialect }: Sending & { readonly dialect: StreamingDialect },
): void {
  if (pace.ttftMs === 0 && pace.tokenIntervalMs === 0 && fault === noFaults) {
    complete(entry);
    res.writeHead(200, sseHeaders).end(events.join("") + end);
    return;
  }
  let index = 0;
  let timer: NodeJS.Timeout | undefined;
  res.on("close", () => clearTimeout(timer));

  const sendNext = (): void => {
    if (index === fault.cutAfterChunks) return void res.destroy();
    if (index === fault.stallAfterChunks) return;
    if (index === events.length) {
      complete(entry);
      res.end(end);
      return;
    }
    const event = events[index]!;
    res.write(index === fault.malformedAtChunk ? `${event.slice(0, 40)}\n\n` : event);
    index += 1;
    // About one token each: the first event opens the answer.
    entry.sentTokens = Math.min(Math.max(index - 1, 0), entry.completionTokens);
    // A cut must come after the bytes before it have left: never in the same tick.
    timer = setTimeout(sendNext, index === 1 ? pace.ttftMs : pace.tokenIntervalMs);
  };

  res.writeHead(200, sseHeaders);
  if (fault.errorEventAtStart === true) {
    res.end(dialect.stream.errorEvent(upstreamError()));
    return;
  }
  res.flushHeaders();
  sendNext();
}
