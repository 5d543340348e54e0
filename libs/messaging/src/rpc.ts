import { headers, type Msg, type MsgHdrs, type Subscription } from "@nats-io/transport-node";
import { type RpcDefinition, subjectOfEvery } from "@topdog/contracts/event";
import { AppError } from "@topdog/errors/app-error";
import { errorRegistry, type ErrorCode } from "@topdog/errors/registry";
import { isConnectionLoss } from "@topdog/postgres/failures";
import { activeTraceparent, inSpan } from "@topdog/telemetry/tracing";
import { z } from "zod";
import type { Bus } from "./connect.ts";
import { isPermissionRefusal } from "./connection-status.ts";
import { decodePayload, headerOf, traceparentHeader } from "./envelope.ts";
import type { MessagingLogger } from "./logger.ts";

export interface ServeRpcOptions<Q, A> {
  readonly handle: (request: Q, meta: { traceparent: string | undefined }) => Promise<A>;
  /** Questions worked on at once; one more is answered `overloaded`. */
  readonly maxInFlight: number;
  readonly logger: MessagingLogger;
}

const replySchema = z.union([
  z.object({ error: z.object({ code: z.string(), detail: z.string().optional() }) }),
  z.object({ reply: z.unknown() }),
]);
type WireReply = { error: { code: ErrorCode; detail?: string | undefined } } | { reply: unknown };
const overloaded: WireReply = { error: { code: "overloaded" } };
const overloadedText = JSON.stringify(overloaded);
const stopTimeoutMs = 5_000;
/** When a question without an answer is asked again, as shares of its deadline or of a second: of another instance, perhaps, then of every one. */
const attemptsAt = [0.2, 0.4] as const;
const longestAttemptsMs = 1_000;
const storageRetrySeconds = 1;

/**
 * Answers a question on the bus; the owner's instances share them. One that may be asked twice is answered also when every instance
 * is asked. `stop` refuses new ones and waits for those in hand, 5 s at most.
 */
export function serveRpc<Q, A>(
  bus: Bus,
  rpc: RpcDefinition<Q, A>,
  options: ServeRpcOptions<Q, A>,
): { stop(): Promise<void> } {
  const inFlight = new Set<Promise<void>>();
  const listen = (subject: string, queue: { readonly queue?: string }): Subscription =>
    bus.nc.subscribe(subject, {
      ...queue,
      callback: (error, message) => {
        if (error !== null) return options.logger.error({ err: error, subject }, "rpc subscription failed");
        if (inFlight.size >= options.maxInFlight) return respond(bus, message, overloaded);
        take(message);
      },
    });
  const subscriptions = [listen(rpc.subject, { queue: rpc.owner })];
  if (rpc.idempotent) subscriptions.push(listen(subjectOfEvery(rpc), {}));
  const take = (message: Msg): void => {
    const work = answerTo(bus, rpc, message, options);
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
  };
  return {
    stop: async () => {
      const drained = subscriptions.filter((one) => !one.isClosed()).map((one) => one.drain());
      await within(Promise.all(drained), stopTimeoutMs);
      await within(Promise.allSettled(inFlight), stopTimeoutMs);
    },
  };
}

async function answerTo<Q, A>(
  bus: Bus,
  rpc: RpcDefinition<Q, A>,
  message: Msg,
  options: ServeRpcOptions<Q, A>,
): Promise<void> {
  respond(bus, message, await answer(rpc, message, options));
}

async function answer<Q, A>(
  rpc: RpcDefinition<Q, A>,
  message: Msg,
  options: ServeRpcOptions<Q, A>,
): Promise<WireReply> {
  try {
    const request = decodePayload({ schema: rpc.request }, message.string());
    if (!request.ok) return { error: { code: "invalid_request", detail: request.reason } };
    const traceparent = headerOf(message.headers, traceparentHeader);
    const reply = await inSpan(rpc.subject, { kind: "server", parent: traceparent }, () =>
      options.handle(request.payload, { traceparent }),
    );
    return { reply: rpc.reply.parse(reply) };
  } catch (error) {
    if (error instanceof AppError && error.code !== "internal_error")
      return { error: { code: error.code, detail: error.detail } };
    options.logger.error({ err: error, subject: rpc.subject }, "rpc handler failed");
    return { error: { code: isConnectionLoss(error) ? "storage_unavailable" : "internal_error" } };
  }
}

function respond(bus: Bus, message: Msg, reply: WireReply): void {
  try {
    message.respond(JSON.stringify(reply));
  } catch (error) {
    // The connection ended meanwhile, or the reply is larger than the bus takes: the caller's timeout tells it.
    bus.logger.warn({ err: error, subject: message.subject }, "rpc reply could not be sent");
  }
}

export interface CallRpcOptions {
  readonly timeoutMs: number;
  readonly traceparent?: string | undefined;
}

/**
 * Asks and waits for the answer. Throws AppError: the handler's own code, or `temporary_reduced_capacity` when nobody answers
 * in time, nobody listens, or the bus goes away meanwhile (then the question may have been acted on).
 */
export async function callRpc<Q, A>(
  bus: Bus,
  rpc: RpcDefinition<Q, A>,
  request: Q,
  options: CallRpcOptions,
): Promise<A> {
  const body = JSON.stringify(rpc.request.parse(request));
  const message = await ask(bus, rpc, body, options).catch((error: unknown) => {
    if (isPermissionRefusal(error)) throw new AppError("internal_error", { cause: error });
    throw new AppError("temporary_reduced_capacity", { cause: error, detail: `${rpc.owner} does not answer` });
  });
  const answer = decodePayload({ schema: replySchema }, message.string());
  if (!answer.ok) throw new AppError("internal_error", { cause: new Error(answer.reason) });
  if ("error" in answer.payload) throw remoteError(answer.payload.error);
  const reply = rpc.reply.safeParse(answer.payload.reply);
  if (!reply.success) throw new AppError("internal_error", { cause: reply.error });
  return reply.data;
}

async function ask<Q, A>(bus: Bus, rpc: RpcDefinition<Q, A>, body: string, options: CallRpcOptions): Promise<Msg> {
  if (!bus.isConnected()) throw new Error("the bus is away");
  const traceparent = options.traceparent ?? activeTraceparent();
  const carried = headers();
  if (traceparent !== undefined) carried.set(traceparentHeader, traceparent);
  // The client would let a request hang to its full timeout after a disconnect.
  const lost = Promise.withResolvers<never>();
  const forget = bus.onDisconnect(() => lost.reject(new Error("the bus went away")));
  try {
    return await Promise.race([askUntilAnswered(bus, rpc, body, carried, options.timeoutMs), lost.promise]);
  } finally {
    forget();
  }
}

/**
 * The instance that got the question may be dead or hang, and the bus goes on giving it its share: an idempotent question is asked
 * again within the deadline, in the end of every instance, and the first answer to any of them counts. When nobody listens to the
 * first it fails at once.
 */
async function askUntilAnswered<Q, A>(
  bus: Bus,
  rpc: RpcDefinition<Q, A>,
  body: string,
  carried: MsgHdrs,
  timeoutMs: number,
): Promise<Msg> {
  const deadlineMs = performance.now() + timeoutMs;
  const answer = Promise.withResolvers<Msg>();
  let outstanding = 0;
  const take = (message: Msg): void => {
    outstanding -= 1;
    // Whoever works on an earlier attempt may still answer.
    if (outstanding === 0 || message.string() !== overloadedText) answer.resolve(message);
  };
  // Nobody hears an attempt any more when the only instance that listened is stopping: it may still answer what it has in hand.
  const fail = (error: unknown): void => {
    outstanding -= 1;
    if (outstanding === 0) answer.reject(error);
  };
  const send = (subject: string): void => {
    outstanding += 1;
    const timeout = Math.max(deadlineMs - performance.now(), 1);
    bus.nc.request(subject, body, { timeout, headers: carried }).then(take, fail);
  };
  send(rpc.subject);
  if (!rpc.idempotent) return answer.promise;
  const [again, every] = attemptsAt.map((share) => share * Math.min(timeoutMs, longestAttemptsMs));
  const timers = [setTimeout(send, again, rpc.subject), setTimeout(send, every, subjectOfEvery(rpc))];
  return answer.promise.finally(() => timers.forEach(clearTimeout));
}

function remoteError(error: { code: string; detail?: string | undefined }): AppError {
  const code = Object.hasOwn(errorRegistry, error.code) ? (error.code as ErrorCode) : "internal_error";
  const retryAfterSeconds = code === "storage_unavailable" ? storageRetrySeconds : undefined;
  return new AppError(code, { detail: error.detail, retryAfterSeconds });
}

async function within(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
