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
  /** Messages asked for at once; at most as many wait here for a lane. */
  readonly pullMessages: number;
  /** Batches worked on at once, in no order; 1 when absent. */
  readonly lanes?: number | undefined;
  /** Messages handed over at once. */
  readonly batchMessages: number;
  /** How long the first message of a batch waits for more. */
  readonly batchWaitMs: number;
  /** Settles every message (ack, nak or term) and never rejects. `onWaiting`: it waits for something, and does not hang. */
  readonly handle: (batch: readonly JsMsg[], onWaiting: () => void) => Promise<void>;
}

export interface PullLoop {
  start(): void;
  /** Finishes the batch in hand and gives the rest back. */
  stop(): Promise<void>;
}

const pullExpiresMs = 10_000;
/** A pull ends after two of these in silence: the server that would have answered it may be gone, while our connection is to another one. */
const pullHeartbeatMs = 1_000;
const connectionPollMs = 50;
const firstRetryMs = 100;
const maxRetryMs = 2_000;
/** A message held longer than this may go to another process: its handler hangs. */
const maxHoldMs = 300_000;
/** Of a canary: what it breaks is little, and what it holds when it is taken back comes to others soon. */
const sipMessages = 2;

/**
 * Pulls from a durable that exists already, and while a message is held tells the bus so. By `fetch` and not `consume()`: the messages
 * in hand stay bounded, and after an outage a new pull begins at once. While the process stands by in a release it pulls nothing.
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
  const forgetShare = options.bus.share.onChange(() => endFetch(state));
  const heartbeat = setInterval(() => keepHeld(state), options.durable.ackWaitMs / 3);
  await Promise.all([pull(options, state), work(options, state)]);
  clearInterval(heartbeat);
  forget();
  forgetShare();
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
    if (!bus.isConnected() || bus.share.current() === "none") {
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
  const share = options.bus.share.current();
  const pullMessages = share === "sip" ? Math.min(sipMessages, options.pullMessages) : options.pullMessages;
  state.fetch = await consumer.fetch({
    max_messages: pullMessages,
    expires: pullExpiresMs,
    idle_heartbeat: pullHeartbeatMs,
  });
  // Either may have changed while this pull was being opened.
  if (state.stopping || options.bus.share.current() !== share) endFetch(state);
  for await (const message of state.fetch) {
    state.queue.push(message);
    state.held.set(message, performance.now());
    state.arrived.wake();
  }
  while (state.queue.length > pullMessages / 2 && !state.stopping) await state.drained.wait(connectionPollMs);
}

async function work(options: PullLoopOptions, state: State): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!state.stopping) {
    if (running.size >= (options.lanes ?? 1)) await Promise.race(running);
    else if (state.queue.length === 0) await state.arrived.wait(1_000);
    else {
      await fillBatch(options, state);
      if (state.stopping) break;
      const batch = state.queue.splice(0, options.batchMessages);
      state.drained.wake();
      const done: Promise<void> = handleBatch(options, state, batch).finally(() => running.delete(done));
      running.add(done);
    }
  }
  await Promise.all(running);
}

async function handleBatch(options: PullLoopOptions, state: State, batch: readonly JsMsg[]): Promise<void> {
  await options.handle(batch, () => {
    // Those behind it wait as well.
    for (const message of state.held.keys()) state.held.set(message, performance.now());
  });
  for (const message of batch) state.held.delete(message);
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
