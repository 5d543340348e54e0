import type { AnySignal, EventDefinition, SignalDefinition } from "@topdog/contracts/event";
import type { Msg } from "@nats-io/transport-node";
import type { Bus } from "./connect.ts";
import { decodeEvent, decodePayload, headerOf, traceparentHeader, type Decoded } from "./envelope.ts";

/** Advises whoever listens now. At most once: with the bus away it is lost, so a fact must never depend on it. */
export function sendSignal<T>(bus: Bus, signal: SignalDefinition<T>, payload: T, key?: string): void {
  const body = JSON.stringify(signal.schema.parse(payload));
  if (bus.isConnected() && !bus.nc.isClosed()) bus.nc.publish(subjectWith(signal, key), body);
}

/** A key is one token of a subject. */
const keyShape = /^[\w:-]{1,200}$/;

function subjectWith({ subject, keyed }: Pick<AnySignal, "subject" | "keyed">, key: string | undefined): string {
  if ((keyed === true) !== (key !== undefined))
    throw new Error(`${subject} is sent with a key, or without: as declared`);
  if (key === undefined) return subject;
  if (!keyShape.test(key)) throw new Error(`${subject} cannot have this key`);
  return `${subject}.${key}`;
}

/** Calls back for each signal that this process hears; of a keyed one, for those of the key. Returns how to stop. */
export function onSignal<T>(
  bus: Bus,
  signal: SignalDefinition<T>,
  callback: (payload: T) => void,
  key?: string,
): () => void {
  const decode = (message: Msg): Decoded<T> => decodePayload(signal, message.string());
  return listen(bus, subjectWith(signal, key), decode, (payload) => callback(payload));
}

/**
 * Receives an event as a broadcast, in every process and without a durable: for caches. Events that pass while disconnected are
 * missed, so flush the cache in `bus.onReconnect`. Returns how to stop.
 */
export function onEventBroadcast<T>(
  bus: Bus,
  event: EventDefinition<T>,
  callback: (payload: T, meta: { id: string; traceparent: string | undefined }) => void,
): () => void {
  const decode = (message: Msg): Decoded<T> => decodeEvent(event, message.string(), message.headers);
  return listen(bus, event.subject, decode, (payload, message) => {
    callback(payload, {
      id: headerOf(message.headers, "ce-id") ?? "",
      traceparent: headerOf(message.headers, traceparentHeader),
    });
  });
}

function listen<T>(
  bus: Bus,
  subject: string,
  decode: (message: Msg) => Decoded<T>,
  callback: (payload: T, message: Msg) => void,
): () => void {
  const onMessage = (error: Error | null, message: Msg): void => {
    if (error !== null) return bus.logger.error({ err: error, subject }, "bus subscription failed");
    const decoded = decode(message);
    if (!decoded.ok)
      return bus.logger.warn({ subject, reason: decoded.reason }, "broadcast dropped: not what its contract says");
    try {
      callback(decoded.payload, message);
    } catch (error_) {
      bus.logger.error({ err: error_, subject }, "broadcast handler failed");
    }
  };
  const subscription = bus.nc.subscribe(subject, { callback: onMessage });
  return () => {
    if (!subscription.isClosed()) subscription.unsubscribe();
  };
}
