import { setTimeout as sleep } from "node:timers/promises";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { EventDefinition } from "@topdog/contracts/event";
import { AppError } from "@topdog/errors/app-error";
import type { Bus } from "./connect.ts";
import { isPermissionRefusal } from "./connection-status.ts";
import { encodePayload, envelopeHeaders } from "./envelope.ts";
import { batchContentType, encodeBatch, type EventBatch, maxBatchBytes } from "./event-batch.ts";

export interface PublishOptions {
  /** The event's id: the bus stores an id once within its duplicate window. */
  readonly id: string;
  readonly traceparent?: string | undefined;
  /** For all attempts together; 5000 when absent. */
  readonly timeoutMs?: number;
}

/** A request that is in flight when the server dies waits for its full timeout: so attempts are short, in our own loop. */
const attemptTimeoutMs = 750;
const firstBackoffMs = 25;
const maxBackoffMs = 500;
const defaultTimeoutMs = 5_000;

/**
 * Puts a fact on the bus and returns when a stream has stored it. Throws AppError `temporary_reduced_capacity` at the deadline;
 * the fact may be stored even then, so publish it again with the same id. Throws `internal_error` at once when the bus does not permit it.
 */
export async function publishEvent<T>(
  bus: Bus,
  event: EventDefinition<T>,
  payload: T,
  options: PublishOptions,
): Promise<{ duplicate: boolean }> {
  const headers = envelopeHeaders({
    id: options.id,
    type: event.subject,
    source: bus.name,
    time: new Date(),
    traceparent: options.traceparent,
  });
  const message = { subject: event.subject, body: encodePayload(event, payload), headers, id: options.id };
  return publishStored(bus, message, options.timeoutMs ?? defaultTimeoutMs);
}

/** As `publishEvent`, for many events in one message. Throws RangeError for a batch that is too large for the bus. */
export const publishBatch = <T>(
  bus: Bus,
  event: EventDefinition<T>,
  batch: EventBatch,
  options: Pick<PublishOptions, "timeoutMs"> = {},
): Promise<{ duplicate: boolean }> => publishBatchAs(bus, bus.name, event, batch, options);

/** For the operator, who publishes again what a service (`source`) said. */
export async function publishBatchAs<T>(
  bus: Bus,
  source: string,
  event: EventDefinition<T>,
  { id, events }: EventBatch,
  options: Pick<PublishOptions, "timeoutMs"> = {},
): Promise<{ duplicate: boolean }> {
  const body = encodeBatch(event, source, events, maxBatchBytes(bus.nc.info?.max_payload));
  const carried = headers();
  carried.set("content-type", batchContentType);
  return publishStored(
    bus,
    { subject: event.subject, body, headers: carried, id },
    options.timeoutMs ?? defaultTimeoutMs,
  );
}

export interface StoredMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: MsgHdrs;
  readonly id: string;
}

/** Publishes ready-made bytes with retries until the deadline. */
export async function publishStored(
  bus: Bus,
  message: StoredMessage,
  timeoutMs: number,
): Promise<{ duplicate: boolean }> {
  const deadline = performance.now() + timeoutMs;
  let backoffMs = firstBackoffMs;
  let cause: unknown;
  for (;;) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0)
      throw new AppError("temporary_reduced_capacity", { cause, detail: "the event bus does not answer" });
    if (bus.isConnected()) {
      try {
        return await attempt(bus, message, Math.min(attemptTimeoutMs, Math.max(leftMs, 10)));
      } catch (error) {
        if (isPermissionRefusal(error)) throw new AppError("internal_error", { cause: error });
        cause = error;
      }
    }
    await sleep(Math.min(backoffMs * (0.5 + Math.random()), Math.max(deadline - performance.now(), 1)));
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
  }
}

async function attempt(bus: Bus, message: StoredMessage, timeoutMs: number): Promise<{ duplicate: boolean }> {
  const { headers, id } = message;
  const stored = await bus.js.publish(message.subject, message.body, { msgID: id, headers, timeout: timeoutMs });
  return { duplicate: stored.duplicate };
}
