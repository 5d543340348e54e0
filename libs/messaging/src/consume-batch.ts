import type { JsMsg } from "@nats-io/jetstream";
import type { EventDefinition } from "@topdog/contracts/event";
import type { DurableDeclaration } from "@topdog/contracts/topology";
import { inSpan } from "@topdog/telemetry/tracing";
import type { Bus } from "./connect.ts";
import { type Consumer, spanOf } from "./consume.ts";
import { decodeEvent, type EventMeta } from "./envelope.ts";
import { unreadable } from "./impossible-event.ts";
import type { MessagingLogger } from "./logger.ts";
import type { MessagingMetrics } from "./metrics.ts";
import { type Delivered, openMessage } from "./open-message.ts";
import { createPullLoop } from "./pull-loop.ts";
import { settleEvents } from "./settle-events.ts";
import { whileAway } from "./while-away.ts";

export interface BatchItem<T> {
  readonly payload: T;
  readonly meta: EventMeta;
}

export interface BatchConsumerOptions<T> {
  readonly bus: Bus;
  readonly durable: DurableDeclaration;
  readonly event: EventDefinition<T>;
  /** Messages in hand at once; each holds one event or a batch of them. */
  readonly maxMessages: number;
  /** Events handed over at once. */
  readonly maxEvents: number;
  /** Batches worked on at once, in no order: the database works on one while the next is read. 1 when absent. */
  readonly lanes?: number | undefined;
  /** How long the first message waits for more. */
  readonly maxWaitMs: number;
  /**
   * Must be idempotent by itself. Resolving settles the events, except those (by index) it rejects. When it throws for several,
   * each half is handed over alone, so that one bad event does not fail the others with it.
   */
  readonly handle: (
    items: readonly BatchItem<T>[],
  ) => Promise<{ readonly rejected: ReadonlyMap<number, Error> } | void>;
  readonly logger: MessagingLogger;
  readonly metrics?: MessagingMetrics | undefined;
  readonly backoffMs?: ((deliveryCount: number) => number) | undefined;
}

/** Halving finds three bad events among 4,096 within this many failures; more mean that the handler itself is broken. */
const maxFailures = 32;
const maxSpanLinks = 32;

/** For consumers whose effect is cheaper in bulk and idempotent by its own key. While the database is away it waits. */
export function createBatchConsumer<T>(options: BatchConsumerOptions<T>): Consumer {
  const stopping = new AbortController();
  const loop = createPullLoop({
    ...options,
    pullMessages: options.maxMessages,
    batchMessages: options.maxMessages,
    batchWaitMs: options.maxWaitMs,
    handle: (messages, onWaiting) => handleMessages(options, messages, stopping.signal, onWaiting),
  });
  return {
    durable: options.durable,
    replay: async ({ body, headers, meta }) => {
      const decoded = decodeEvent(options.event, body, headers);
      if (!decoded.ok) throw unreadable(decoded);
      const outcome = await options.handle([{ payload: decoded.payload, meta }]);
      for (const error of outcome?.rejected.values() ?? []) throw error;
      return true;
    },
    start: () => loop.start(),
    stop: async () => {
      stopping.abort();
      await loop.stop();
    },
  };
}

interface Work<T> {
  readonly options: BatchConsumerOptions<T>;
  readonly stopping: AbortSignal;
  readonly onWaiting: () => void;
  readonly errors: Map<Delivered<T>, unknown>;
  failuresLeft: number;
}

type Valid<T> = Delivered<T> & { readonly content: { readonly ok: true } };
const isValid = <T>(one: Delivered<T>): one is Valid<T> => one.content.ok;

async function handleMessages<T>(
  options: BatchConsumerOptions<T>,
  messages: readonly JsMsg[],
  stopping: AbortSignal,
  onWaiting: () => void,
): Promise<void> {
  const opened = messages.map((message) => ({ message, events: openMessage(options.event, message) }));
  // At the last delivery no event may be given up because others failed.
  const isLast = messages.some(({ info }) => info.deliveryCount >= options.durable.maxDeliveries);
  const failuresLeft = isLast ? Number.POSITIVE_INFINITY : maxFailures;
  const work: Work<T> = { options, stopping, onWaiting, errors: new Map(), failuresLeft };
  const events = opened.flatMap((one) => one.events);
  for (const one of events) {
    if (!one.content.ok) work.errors.set(one, unreadable(one.content));
  }
  const valid = events.filter(isValid);
  for (let first = 0; first < valid.length; first += options.maxEvents) {
    await handOver(work, valid.slice(first, first + options.maxEvents));
  }
  for (const one of opened) {
    const failed = one.events
      .filter((event) => work.errors.has(event))
      .map((event) => ({ id: event.meta.id, letter: event.letter, error: work.errors.get(event) }));
    await settleEvents(options, one.message, one.events.length - failed.length, failed);
  }
}

async function handOver<T>(work: Work<T>, events: readonly Valid<T>[]): Promise<void> {
  try {
    const outcome = await handle(work, events);
    for (const [index, error] of outcome?.rejected ?? []) {
      const event = events[index];
      if (event !== undefined) work.errors.set(event, error);
    }
  } catch (error) {
    work.failuresLeft -= 1;
    if (events.length === 1 || work.failuresLeft <= 0) {
      for (const event of events) work.errors.set(event, error);
      return;
    }
    const { logger, durable } = work.options;
    logger.warn({ err: error, durable: durable.name, events: events.length }, "events failed; trying each half alone");
    const middle = events.length >>> 1;
    await handOver(work, events.slice(0, middle));
    await handOver(work, events.slice(middle));
  }
}

async function handle<T>({ options, stopping, onWaiting }: Work<T>, events: readonly Valid<T>[]) {
  const items = events.map(({ content, meta }) => ({ payload: content.payload, meta }));
  const links = items.slice(0, maxSpanLinks).map(({ meta }) => meta.traceparent);
  return whileAway({ ...options, stopping, onWaiting }, () =>
    inSpan(spanOf(options.durable), { kind: "consumer", links }, () => options.handle(items)),
  );
}
