import type { JsMsg } from "@nats-io/jetstream";
import type { DurableDeclaration } from "@topdog/contracts/topology";
import type { Bus } from "./connect.ts";
import { buryLetter, letterOfMessage } from "./dead-letters.ts";
import { headerOf, traceparentHeader, type EventMeta } from "./envelope.ts";
import { ImpossibleEventError, UnknownValueError } from "./impossible-event.ts";
import type { MessagingLogger } from "./logger.ts";
import type { ConsumeOutcome, MessagingMetrics } from "./metrics.ts";

export interface SettleDeps {
  readonly bus: Bus;
  readonly durable: DurableDeclaration;
  readonly logger: MessagingLogger;
  readonly metrics?: MessagingMetrics | undefined;
  /**
   * Milliseconds until the next delivery. When absent, about 3.5 minutes in all for 8 deliveries, and two hours for an event with a
   * value that this release does not know.
   */
  readonly backoffMs?: ((deliveryCount: number) => number) | undefined;
}

const firstBackoffMs = 250;
export const maxBackoffMs = 60_000;

export const defaultBackoffMs = (deliveryCount: number): number =>
  Math.min(firstBackoffMs * 4 ** (deliveryCount - 1), maxBackoffMs);

const firstUnknownBackoffMs = 2_000;
const maxUnknownBackoffMs = 3_600_000;

/** Longer: a release takes its time until a replica that knows the value is there, and gets the event. */
const unknownBackoffMs = (deliveryCount: number): number =>
  Math.min(firstUnknownBackoffMs * 4 ** (deliveryCount - 1), maxUnknownBackoffMs);

/** Until what failed by `error` is delivered again. */
export function backoffOf({ backoffMs }: SettleDeps, error: unknown, deliveryCount: number): number {
  const standard = error instanceof UnknownValueError ? unknownBackoffMs : defaultBackoffMs;
  return (backoffMs ?? standard)(deliveryCount);
}

/** It breaks its contract: an operator need not look for a fault of ours. */
export const isInvalid = (error: unknown): error is Error =>
  error instanceof ImpossibleEventError || error instanceof UnknownValueError;

export function metaOf(message: JsMsg): EventMeta {
  return {
    id: headerOf(message.headers, "ce-id") ?? `${message.info.stream}:${message.seq}`,
    deliveryCount: message.info.deliveryCount,
    traceparent: headerOf(message.headers, traceparentHeader),
    time: headerOf(message.headers, "ce-time") ?? "",
  };
}

export function accept(deps: SettleDeps, message: JsMsg, outcome: "ok" | "duplicate"): void {
  message.ack();
  count(deps, outcome);
}

/** Delivers a failed message again later, or makes it a dead letter when it has had all its deliveries. */
export async function retryOrBury(deps: SettleDeps, message: JsMsg, error: unknown): Promise<void> {
  if (error instanceof ImpossibleEventError) return refuse(deps, message, error.message);
  const { deliveryCount } = message.info;
  const fields = { err: error, durable: deps.durable.name, eventId: metaOf(message).id, deliveryCount };
  if (deliveryCount >= deps.durable.maxDeliveries) {
    if (isInvalid(error)) return refuse(deps, message, error.message);
    deps.logger.error(fields, "event failed for the last time");
    return bury(deps, message, String(error), "dead_lettered");
  }
  deps.logger.warn(fields, "event failed and will be delivered again");
  message.nak(backoffOf(deps, error, deliveryCount));
  count(deps, "retried");
}

/** For a message that no further delivery can cure. */
export async function refuse(deps: SettleDeps, message: JsMsg, reason: string): Promise<void> {
  deps.logger.error(
    { durable: deps.durable.name, eventId: metaOf(message).id, reason },
    "event is not what its contract says",
  );
  await bury(deps, message, `invalid: ${reason}`, "invalid");
}

async function bury(deps: SettleDeps, message: JsMsg, reason: string, outcome: ConsumeOutcome): Promise<void> {
  try {
    await buryLetter(deps.bus, deps.durable, message, letterOfMessage(message), reason);
    message.term("dead-lettered");
    count(deps, outcome);
  } catch (error) {
    deps.logger.warn({ err: error, durable: deps.durable.name }, "dead letter could not be stored; the event stays");
    message.nak(maxBackoffMs);
  }
}

export function count(deps: SettleDeps, outcome: ConsumeOutcome, events = 1): void {
  deps.metrics?.consumed.inc({ outcome }, events);
}
