import { randomUUID } from "node:crypto";
import type { AnyEvent, EventDefinition } from "@topdog/contracts/event";
import { maxPayloadBytes, sourceOf } from "./envelope.ts";

/** CloudEvents 1.0, JSON batch format: the body is an array of whole events. */
export const batchContentType = "application/cloudevents-batch+json";
/** A reader takes no more out of one message: each may become a dead letter of its own. */
export const maxBatchEvents = 4096;
/** More than the attributes of one event take beside its payload. */
const attributeBytes = 512;
/** For the message's own headers, within what the server takes. */
const headerRoomBytes = 4 * 1024;
const defaultServerPayloadBytes = 1024 * 1024;

/** An event that can travel in a batch: its payload is JSON text already, and is not parsed again. */
export interface ReadyEvent {
  readonly id: string;
  /** When the event was made, ISO 8601. */
  readonly time: string;
  readonly traceparent: string | null;
  /** The payload's JSON text. It must fit the event's schema: consumers set aside what does not. */
  readonly json: string;
}

/** Events that travel in one message. */
export interface EventBatch {
  /** The message's id: keep it for every retry, so that the bus stores the batch once. */
  readonly id: string;
  readonly events: readonly ReadyEvent[];
}

export interface BatchBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Throws zod's error when the payload breaks the event's schema. */
export function readyEvent<T>(
  event: EventDefinition<T>,
  payload: T,
  { id, time, traceparent }: Omit<ReadyEvent, "json">,
): ReadyEvent {
  return { id, time, traceparent, json: JSON.stringify(event.schema.parse(payload)) };
}

/** What a message may hold, of ours and of this server's bounds. */
export const maxBatchBytes = (serverPayloadBytes = defaultServerPayloadBytes): number =>
  Math.min(maxPayloadBytes, serverPayloadBytes - headerRoomBytes);

/**
 * Each batch gets an id that was never used: other events under the id of an earlier batch would be taken for its repetition and
 * lost. An event beyond `maxBytes` is a batch alone, which `publishBatch` refuses.
 */
export function splitIntoBatches(events: readonly ReadyEvent[], { maxEvents, maxBytes }: BatchBounds): EventBatch[] {
  const batches: EventBatch[] = [];
  let first = 0;
  let bytes = 0;
  const close = (end: number): void => {
    if (end > first) batches.push({ id: randomUUID(), events: events.slice(first, end) });
    first = end;
    bytes = 0;
  };
  for (const [index, event] of events.entries()) {
    const eventBytes = Buffer.byteLength(event.json) + attributeBytes;
    if (index - first >= maxEvents || bytes + eventBytes > maxBytes) close(index);
    bytes += eventBytes;
  }
  close(events.length);
  return batches;
}

/** Throws RangeError when it is larger than `maxBytes`. */
export function encodeBatch(
  event: Pick<AnyEvent, "subject">,
  source: string,
  events: readonly ReadyEvent[],
  maxBytes: number,
): Uint8Array {
  const type = JSON.stringify(event.subject);
  const from = JSON.stringify(sourceOf(source));
  const shared = `{"specversion":"1.0","type":${type},"source":${from},"datacontenttype":"application/json"`;
  const encoded = events.map(({ id, time, traceparent, json }) => {
    const trace = traceparent === null ? "" : `,"traceparent":${JSON.stringify(traceparent)}`;
    return `${shared},"id":${JSON.stringify(id)},"time":${JSON.stringify(time)}${trace},"data":${json}}`;
  });
  const body = Buffer.from(`[${encoded.join(",")}]`);
  if (body.length > maxBytes) throw new RangeError(`a batch of ${event.subject} has ${body.length} bytes`);
  return body;
}
