import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { DurableDeclaration } from "@topdog/contracts/topology";
import type { Bus } from "./connect.ts";
import type { MessagingLogger } from "./logger.ts";
import { createWakeup } from "./wakeup.ts";

export interface PullLoopOptions {
  readonly bus: Bus;
  readonly durable: DurableDeclaration;
  readonly logger: MessagingLogger;
  /** Messages asked for at once; at most twice as many are in hand. */
  readonly pullMessages: number;
  /** Messages handed over at once. */
  readonly batchMessages: number;
  /** How long the first message of a batch waits for more. */
  readonly batchWaitMs: number;
  /** Settles every message (ack, nak or term) and never rejects. */
  readonly handle: (batch: readonly JsMsg[]) => Promise<void>;
}

export interface PullLoop {
  start(): void;
  /** Finishes the batch in hand and gives the rest back. */
  stop(): Promise<void>;
}

const pullExpiresMs = 10_000;
const connectionPollMs = 50;
const firstRetryMs = 100;
const maxRetryMs = 2_000;
/** A message held longer than this may go to another process: its handler hangs. */
const maxHoldMs = 300_000;

/**
 * Pulls from a durable that exists already, and while a message is held tells the bus so. By `fetch` and not `consume()`: the messages
 * in hand stay bounded, and after an outage a new pull begins at once.
 */
export function createPullLoop(options: PullLoopOptions): PullLoop {
  const loop = createState();
  let running: Promise<unknown> | undefined;
  return {
    start: () => {
      running ??= runBoth(options, loop);
    },
    stop: async () => {
      loop.stopping = true;
      loop.abort.abort();
      endFetch(loop);
      loop.arrived.wake();
      loop.drained.wake();
      await running;
    },
  };
}

const createState = () => ({
  stopping: false,
  abort: new AbortController(),
  queue: [] as JsMsg[],
  /** Everything unsettled, and since when (performance.now()). */
  held: new Map<JsMsg, number>(),
  fetch: undefined as ConsumerMessages | undefined,
  arrived: createWakeup(),
  drained: createWakeup(),
});
type State = ReturnType<typeof createState>;

async function runBoth(options: PullLoopOptions, state: State): Promise<void> {
  const forget = options.bus.onReconnect(() => endFetch(state));
  const heartbeat = setInterval(() => keepHeld(state), options.durable.ackWaitMs / 3);
  await Promise.all([pull(options, state), work(options, state)]);
  clearInterval(heartbeat);
  forget();
  for (const message of state.queue) message.nak();
}

function endFetch(state: State): void {
  void state.fetch?.close();
}

function keepHeld(state: State): void {
  const oldest = performance.now() - maxHoldMs;
  for (const [message, since] of state.held) if (since > oldest) message.working();
}

async function pull(options: PullLoopOptions, state: State): Promise<void> {
  const { bus, durable, logger } = options;
  let consumer: Consumer | undefined;
  let retryMs = firstRetryMs;
  while (!state.stopping) {
    if (!bus.isConnected()) {
      await pause(connectionPollMs, state);
      continue;
    }
    try {
      consumer ??= await bus.js.consumers.get(durable.stream, durable.name);
      await fetchOnce(consumer, options, state);
      retryMs = firstRetryMs;
    } catch (error) {
      consumer = undefined;
      if (state.stopping) return;
      // Also while the operator has not made the durable yet: a service never makes one itself.
      logger.warn({ err: error, durable: durable.name }, "pull failed and will retry");
      await pause(retryMs, state);
      retryMs = Math.min(retryMs * 2, maxRetryMs);
    }
  }
}

async function fetchOnce(consumer: Consumer, options: PullLoopOptions, state: State): Promise<void> {
  state.fetch = await consumer.fetch({ max_messages: options.pullMessages, expires: pullExpiresMs });
  if (state.stopping) endFetch(state);
  for await (const message of state.fetch) {
    state.queue.push(message);
    state.held.set(message, performance.now());
    state.arrived.wake();
  }
  while (state.queue.length > options.pullMessages / 2 && !state.stopping) await state.drained.wait(connectionPollMs);
}

async function work(options: PullLoopOptions, state: State): Promise<void> {
  while (!state.stopping) {
    if (state.queue.length === 0) {
      await state.arrived.wait(1_000);
      continue;
    }
    await fillBatch(options, state);
    if (state.stopping) return;
    const batch = state.queue.splice(0, options.batchMessages);
    state.drained.wake();
    await options.handle(batch);
    for (const message of batch) state.held.delete(message);
  }
}

async function fillBatch(options: PullLoopOptions, state: State): Promise<void> {
  const first = state.queue[0];
  const until = ((first && state.held.get(first)) ?? 0) + options.batchWaitMs;
  while (state.queue.length < options.batchMessages && !state.stopping) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return;
    await state.arrived.wait(leftMs);
  }
}

async function pause(ms: number, state: State): Promise<void> {
  await sleep(ms, undefined, { signal: state.abort.signal }).catch(() => undefined);
}
