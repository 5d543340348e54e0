import type { ServerResponse } from "node:http";
import type { CallEntry } from "../domain/call-log.ts";
import { type Faults, noFaults } from "../domain/faults.ts";
import { doneEvent, errorBody } from "../domain/openai-shapes.ts";

export interface Pace {
  /** Until the first token. */
  readonly ttftMs: number;
  readonly tokenIntervalMs: number;
}

interface Sending {
  readonly entry: CallEntry;
  readonly fault: Partial<Faults>;
  readonly pace: Pace;
}

const sseHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
const upstreamError = (): string => errorBody("The sandbox was told to fail", "server_error", "sandbox_fault");

function complete(entry: CallEntry): void {
  entry.completed = true;
  entry.sentTokens = entry.completionTokens;
}

/** Half of an answer, then what the fault says: an answer that ends early is not valid JSON. */
function sendBrokenText(res: ServerResponse, body: string, fault: Partial<Faults>): void {
  const length = Buffer.byteLength(body);
  const half = body.slice(0, Math.floor(body.length / 2));
  if (fault.malformedAtChunk !== undefined) {
    res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(half) }).end(half);
    return;
  }
  res.writeHead(200, { "content-type": "application/json", "content-length": length });
  if (fault.stallAfterChunks !== undefined) res.write(half);
  else res.write(half, () => res.destroy());
}

/** A plain answer, after the time that its tokens would have taken. */
export function sendText(res: ServerResponse, body: string, { entry, fault, pace }: Sending): void {
  const send = (): void => {
    if (res.destroyed) return;
    const broken = fault.cutAfterChunks ?? fault.stallAfterChunks ?? fault.malformedAtChunk;
    if (broken !== undefined) return sendBrokenText(res, body, fault);
    const text = fault.errorEventAtStart === true ? upstreamError() : body;
    if (fault.errorEventAtStart !== true) complete(entry);
    res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
  };
  const durationMs = pace.ttftMs + pace.tokenIntervalMs * entry.completionTokens;
  if (durationMs === 0) return send();
  const timer = setTimeout(send, durationMs);
  res.on("close", () => clearTimeout(timer));
}

/** The events of a stream, one per interval; with no interval and no fault, all in one write. */
export function sendEvents(res: ServerResponse, events: readonly string[], { entry, fault, pace }: Sending): void {
  if (pace.ttftMs === 0 && pace.tokenIntervalMs === 0 && fault === noFaults) {
    complete(entry);
    res.writeHead(200, sseHeaders).end(events.join("") + doneEvent);
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
      res.end(doneEvent);
      return;
    }
    const event = events[index]!;
    res.write(index === fault.malformedAtChunk ? `${event.slice(0, 40)}\n\n` : event);
    index += 1;
    // The first event is the role and the last ones are the finish reason and the usage: no tokens.
    entry.sentTokens = Math.min(Math.max(index - 1, 0), entry.completionTokens);
    // A cut must come after the bytes before it have left: never in the same tick.
    timer = setTimeout(sendNext, index === 1 ? pace.ttftMs : pace.tokenIntervalMs);
  };

  res.writeHead(200, sseHeaders);
  if (fault.errorEventAtStart === true) {
    res.end(`data: ${upstreamError()}\n\n`);
    return;
  }
  res.flushHeaders();
  sendNext();
}
