import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { AnyEvent, EventDefinition } from "@topdog/contracts/event";

/** What a consumer learns about a message beside its payload. */
export interface EventMeta {
  /** The event's id: the same on every redelivery, replay and duplicate. */
  readonly id: string;
  /** 1 for the first delivery. */
  readonly deliveryCount: number;
  readonly traceparent: string | undefined;
  /** When the event was made, ISO 8601; empty when the publisher did not say. */
  readonly time: string;
}

export const traceparentHeader = "traceparent";
export const maxPayloadBytes = 512 * 1024;
const encoder = new TextEncoder();

export interface EnvelopeFields {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: Date;
  readonly traceparent: string | undefined;
}

export const sourceOf = (service: string): string => `/topdog/${service}`;

/** Why an event is not from a service that may publish it; null when it is. */
export function foreignSource(event: Pick<AnyEvent, "publishers">, source: string | undefined): string | null {
  if (event.publishers.some((service) => source === sourceOf(service))) return null;
  return `ce-source is ${JSON.stringify(source ?? "absent")}, not ${event.publishers.map(sourceOf).join(" or ")}`;
}

/** CloudEvents 1.0 attributes in binary mode: the body is the payload alone. */
export function envelopeHeaders(fields: EnvelopeFields): MsgHdrs {
  const result = headers();
  result.set("ce-specversion", "1.0");
  result.set("ce-id", fields.id);
  result.set("ce-type", fields.type);
  result.set("ce-source", sourceOf(fields.source));
  result.set("ce-time", fields.time.toISOString());
  result.set("content-type", "application/json");
  if (fields.traceparent !== undefined) result.set(traceparentHeader, fields.traceparent);
  return result;
}

export function headerOf(from: MsgHdrs | undefined, name: string): string | undefined {
  const value = from?.get(name);
  return value === undefined || value === "" ? undefined : value;
}

/** The payload as JSON text; throws when it breaks the event's schema or is larger than 512 KiB. */
export function encodePayload<T>(event: EventDefinition<T>, payload: T): Uint8Array {
  const body = encoder.encode(JSON.stringify(event.schema.parse(payload)));
  if (body.length > maxPayloadBytes) throw new Error(`a payload of ${event.subject} has ${body.length} bytes`);
  return body;
}

/** `mayBeNewer`: it is from its publisher and breaks the schema of this release, perhaps by a value that a newer one knows. */
export type Decoded<T> =
  | { readonly ok: true; readonly payload: T }
  | { readonly ok: false; readonly reason: string; readonly mayBeNewer: boolean };

export const refused = (reason: string): Decoded<never> => ({ ok: false, reason, mayBeNewer: false });

/** As `decodePayload`, and refuses an event that another service than its publishers says. */
export function decodeEvent<T>(event: EventDefinition<T>, body: string, from: MsgHdrs | undefined): Decoded<T> {
  const reason = foreignSource(event, headerOf(from, "ce-source"));
  return reason === null ? decodePayload(event, body) : refused(reason);
}

export function decodePayload<T>(event: Pick<EventDefinition<T>, "schema">, body: string): Decoded<T> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return refused("not JSON");
  }
  return decodeJson(event, json);
}

/** Unknown fields are dropped, so that a producer may add some before its consumers know them. */
export function decodeJson<T>(event: Pick<EventDefinition<T>, "schema">, json: unknown): Decoded<T> {
  const parsed = event.schema.safeParse(json);
  if (parsed.success) return { ok: true, payload: parsed.data };
  return {
    ok: false,
    mayBeNewer: true,
    reason: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
  };
}
