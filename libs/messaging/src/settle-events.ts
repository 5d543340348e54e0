import type { JsMsg } from "@nats-io/jetstream";
import { buryLetter, type Letter } from "./dead-letters.ts";
import { ImpossibleEventError } from "./impossible-event.ts";
import { backoffOf, count, isInvalid, maxBackoffMs, type SettleDeps } from "./settle.ts";

/** An event of a message that was not handled. */
export interface FailedEvent {
  readonly id: string;
  readonly letter: () => Letter;
  readonly error: unknown;
}

/**
 * Settles a message of which `failed` were not handled: those that no delivery can cure are set aside alone, and so are all of them
 * when it was the last delivery. For the others the whole message comes again, so handling an event must be idempotent.
 */
export async function settleEvents(
  deps: SettleDeps,
  message: JsMsg,
  handled: number,
  failed: readonly FailedEvent[],
): Promise<void> {
  const { deliveryCount } = message.info;
  const isLast = deliveryCount >= deps.durable.maxDeliveries;
  const lost = failed.filter(({ error }) => isLast || error instanceof ImpossibleEventError);
  const again = failed.length - lost.length;
  count(deps, "ok", handled);
  try {
    for (const one of lost) await bury(deps, message, one);
  } catch (error) {
    deps.logger.warn({ err: error, durable: deps.durable.name }, "dead letter could not be stored; the message stays");
    return message.nak(maxBackoffMs);
  }
  if (again === 0) return message.ack();
  const rest = failed.filter((one) => !lost.includes(one));
  // What may be cured soonest says when.
  const first = rest.find(({ error }) => !isInvalid(error)) ?? rest[0];
  deps.logger.warn(
    { err: first?.error, durable: deps.durable.name, eventId: first?.id, events: again, deliveryCount },
    "events failed and will be delivered again",
  );
  message.nak(backoffOf(deps, first?.error, deliveryCount));
  count(deps, "retried", again);
}

async function bury(deps: SettleDeps, message: JsMsg, { id, letter, error }: FailedEvent): Promise<void> {
  const fields = { durable: deps.durable.name, eventId: id, deliveryCount: message.info.deliveryCount };
  const breaksContract = isInvalid(error);
  if (breaksContract) deps.logger.error({ ...fields, reason: error.message }, "event is not what its contract says");
  else deps.logger.error({ ...fields, err: error }, "event failed for the last time");
  await buryLetter(
    deps.bus,
    deps.durable,
    message,
    letter(),
    breaksContract ? `invalid: ${error.message}` : String(error),
  );
  count(deps, breaksContract ? "invalid" : "dead_lettered");
}
