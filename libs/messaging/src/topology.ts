import { setTimeout as sleep } from "node:timers/promises";
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { errors, nanos } from "@nats-io/transport-node";
import { durables, streams, type DurableDeclaration, type StreamDeclaration } from "@topdog/contracts/topology";
import type { Bus } from "./connect.ts";

export interface TopologyOptions {
  /** Copies of each stream; 3 in a cluster, 1 when absent. */
  readonly replicas?: number;
  /** For everything together: a step that gets no answer is taken again within it. 30,000 when absent. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
/** Each step touches the disk of every replica. */
const stepTimeoutMs = 5_000;
const retryWaitMs = 250;
const notFoundCodes = new Set([10_059, 10_014]);
/** What the servers of a cluster say until enough of them have found one another: some ten seconds after a start. */
const formingCode = 10_008;

/**
 * Creates or updates every stream and durable that contracts declares, and checks what the server made of it. Removes nothing.
 * An operator's step: services never call it.
 */
export async function applyTopology(bus: Bus, options: TopologyOptions = {}): Promise<void> {
  const replicas = options.replicas ?? 1;
  if (bus.nc.info?.cluster !== undefined && replicas < 3)
    bus.logger.warn(
      { replicas },
      "the bus is a cluster and its streams have fewer than 3 copies (NATS_STREAM_REPLICAS)",
    );
  const deadlineMs = performance.now() + (options.timeoutMs ?? defaultTimeoutMs);
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false, timeout: stepTimeoutMs });
  for (const declaration of streams) {
    const config = streamConfig(declaration, replicas);
    await untilAnswered(bus, config.name, deadlineMs, () => applyStream(jsm, config));
  }
  for (const declaration of durables) {
    const config = durableConfig(declaration);
    await untilAnswered(bus, config.durable_name, deadlineMs, () => applyDurable(jsm, declaration.stream, config));
  }
}

/** A server that has just started, or that elects a leader, may leave a request unanswered or refuse it; every step can be repeated. */
async function untilAnswered(bus: Bus, what: string, deadlineMs: number, step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!isPassing(error) || performance.now() + retryWaitMs > deadlineMs) throw error;
      bus.logger.warn({ err: error, what }, "the bus is not ready; asking again");
      await sleep(retryWaitMs);
    }
  }
}

export function isPassing(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === formingCode;
  if (error instanceof errors.TimeoutError || error instanceof errors.NoRespondersError) return true;
  return error instanceof Error && error.cause !== undefined && isPassing(error.cause);
}

/** Limits retention: the other kinds forget at a restart which ids they have stored. */
function streamConfig(declaration: StreamDeclaration, replicas: number) {
  return {
    name: declaration.name,
    subjects: [...declaration.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(declaration.maxAgeMs),
    max_bytes: declaration.maxBytes,
    duplicate_window: nanos(declaration.duplicateWindowMs),
    num_replicas: replicas,
    allow_direct: true,
  } satisfies Partial<StreamConfig>;
}

/** `max_deliver` is unlimited: at a limit the server drops a message silently. The consumer counts, and makes the dead letter. */
function durableConfig(declaration: DurableDeclaration) {
  return {
    durable_name: declaration.name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: declaration.subject,
    ack_wait: nanos(declaration.ackWaitMs),
    max_ack_pending: declaration.maxAckPending,
    max_deliver: -1,
  } satisfies Partial<ConsumerConfig>;
}

async function applyStream(jsm: JetStreamManager, config: ReturnType<typeof streamConfig>): Promise<void> {
  const existing = await jsm.streams.info(config.name).catch(nullWhenNotFound);
  // A newer release may have added subjects, and its services publish on them: an older step takes none away.
  const others = (existing?.config.subjects ?? []).filter((subject) => !config.subjects.includes(subject));
  const wanted = { ...config, subjects: [...config.subjects, ...others] };
  if (existing === null) await jsm.streams.add(wanted);
  else await jsm.streams.update(config.name, wanted);
  const { config: actual } = await jsm.streams.info(config.name);
  assertTaken(`stream ${config.name}`, wanted, actual);
}

async function applyDurable(
  jsm: JetStreamManager,
  stream: string,
  config: ReturnType<typeof durableConfig>,
): Promise<void> {
  const existing = await jsm.consumers.info(stream, config.durable_name).catch(nullWhenNotFound);
  if (existing === null) await jsm.consumers.add(stream, config);
  else await jsm.consumers.update(stream, config.durable_name, config);
  const { config: actual } = await jsm.consumers.info(stream, config.durable_name);
  assertTaken(`durable ${config.durable_name}`, config, actual);
}

function nullWhenNotFound(error: unknown): null {
  if (error instanceof JetStreamApiError && notFoundCodes.has(error.code)) return null;
  throw error;
}

function assertTaken(what: string, wanted: object, actual: object): void {
  const given = new Map<string, unknown>(Object.entries(actual));
  for (const [key, value] of Object.entries(wanted)) {
    if (JSON.stringify(given.get(key)) === JSON.stringify(value)) continue;
    throw new Error(
      `the server made ${JSON.stringify(given.get(key))} of ${key} of ${what}; wanted ${JSON.stringify(value)}`,
    );
  }
}
