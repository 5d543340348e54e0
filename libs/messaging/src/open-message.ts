import type { JsMsg } from "@nats-io/jetstream";
import type { EventDefinition } from "@topdog/contracts/event";
import { type Letter, letterOfEvent, letterOfMessage } from "./dead-letters.ts";
import { type Decoded, decodeEvent, decodeJson, type EventMeta, foreignSource, headerOf, refused } from "./envelope.ts";
import { batchContentType, maxBatchEvents } from "./event-batch.ts";
import { metaOf } from "./settle.ts";

/** One event of a message, as it came. */
export interface Delivered<T> {
  readonly message: JsMsg;
  readonly meta: EventMeta;
  readonly content: Decoded<T>;
  /** What is kept of it if it cannot be handled. */
  readonly letter: () => Letter;
}

/** The events of a message, of which each may be wrong by itself: one in binary mode, or an array in batch form. */
export function openMessage<T>(event: EventDefinition<T>, message: JsMsg): Delivered<T>[] {
  const { headers } = message;
  const whole = (content: Decoded<T>): Delivered<T>[] => [
    { message, meta: metaOf(message), content, letter: () => letterOfMessage(message) },
  ];
  if (headerOf(headers, "content-type") !== batchContentType)
    return whole(decodeEvent(event, message.string(), headers));
  let batch: unknown;
  try {
    batch = JSON.parse(message.string());
  } catch {
    return whole(refused("not JSON"));
  }
  if (!Array.isArray(batch)) return whole(refused("not a batch"));
  if (batch.length > maxBatchEvents) return whole(refused(`a batch of ${batch.length} events`));
  return batch.map((one: unknown, index) => openEvent(event, message, one, index));
}

function openEvent<T>(event: EventDefinition<T>, message: JsMsg, one: unknown, index: number): Delivered<T> {
  const attributes = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
  const text = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const meta: EventMeta = {
    id: text("id") ?? `${message.info.stream}:${message.seq}:${index}`,
    deliveryCount: message.info.deliveryCount,
    traceparent: text("traceparent"),
    time: text("time") ?? "",
  };
  return {
    message,
    meta,
    content: decodeAttributes(event, text("type"), text("source"), attributes["data"]),
    letter: () => letterOfEvent(index, attributes, attributes["data"] ?? one),
  };
}

function decodeAttributes<T>(
  event: EventDefinition<T>,
  type: string | undefined,
  source: string | undefined,
  payload: unknown,
): Decoded<T> {
  if (type !== event.subject) return refused(`type is ${JSON.stringify(type ?? "absent")}`);
  const reason = foreignSource(event, source);
  return reason === null ? decodeJson(event, payload) : refused(reason);
}
