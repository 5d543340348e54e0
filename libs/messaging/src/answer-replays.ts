import type { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { AppError } from "@topdog/errors/app-error";
import type { Bus } from "./connect.ts";
import type { Consumer } from "./consume.ts";
import { readDeadLetter, toDeadLetter } from "./dead-letters.ts";
import type { MessagingLogger } from "./logger.ts";
import { serveRpc } from "./rpc.ts";

const maxInFlight = 8;

interface ReplayDeps {
  readonly bus: Bus;
  readonly logger: MessagingLogger;
}

/**
 * Handles dead letters of these consumers once more, when an operator asks for it. What is handled is what the bus stores: the question only names it.
 * A letter that fails again stays, and the answer is `conflict` with the reason.
 */
export function answerReplays(
  { bus, logger }: ReplayDeps,
  rpc: (typeof replayDeadLetterOf)[keyof typeof replayDeadLetterOf],
  consumers: readonly Consumer[],
) {
  return serveRpc(bus, rpc, {
    maxInFlight,
    logger,
    handle: async ({ durable, seq }) => {
      const consumer = consumers.find((one) => one.durable.name === durable);
      if (consumer === undefined)
        throw new AppError("not_found", { detail: `${rpc.owner} has no consumer ${durable}` });
      const stored = await readDeadLetter(bus, durable, seq);
      const { eventId, payload, at } = toDeadLetter(stored);
      const meta = {
        id: eventId === "" ? `${durable}:${seq}` : eventId,
        deliveryCount: 1,
        traceparent: undefined,
        time: at,
      };
      try {
        const isFresh = await consumer.replay({ body: payload, headers: stored.header, meta });
        return { outcome: isFresh ? ("handled" as const) : ("duplicate" as const) };
      } catch (error) {
        logger.warn({ err: error, durable, seq, eventId }, "a dead letter failed again");
        throw new AppError("conflict", { cause: error, detail: `It failed again: ${String(error)}` });
      }
    },
  });
}
