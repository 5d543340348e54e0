import type { Transaction } from "@topdog/postgres/pool";
import type { DeadLetter } from "@topdog/messaging/dead-letters";
import type { DeadLetters } from "../clients/dead-letters.ts";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { appendAudit, type Facts } from "../store/audit-log.ts";
import { change, type RegistryDeps } from "./change.ts";

export interface DeadLetterDeps extends RegistryDeps {
  readonly deadLetters: DeadLetters;
}

export interface LetterName {
  readonly durable: string;
  readonly seq: number;
}

/** Handled once more by its own service, then taken away. Fails as a whole when it fails again: the letter stays. Safe to repeat. */
export async function replayDeadLetter(
  deps: DeadLetterDeps,
  operator: AskingSession,
  name: LetterName,
): Promise<"handled" | "duplicate"> {
  const { deadLetters } = deps;
  const letter = await deadLetters.read(name.durable, name.seq);
  const outcome = await deadLetters.replay(name.durable, name.seq);
  await note(deps, operator, "dead_letter.replayed", letter, { outcome });
  await deadLetters.take(name.durable, name.seq);
  return outcome;
}

/** Taken away unhandled. It is noted first: what is gone can be told by nobody else. */
export async function dropDeadLetter(
  deps: DeadLetterDeps,
  operator: AskingSession,
  name: LetterName,
  reason: string,
): Promise<void> {
  const { deadLetters } = deps;
  const letter = await deadLetters.read(name.durable, name.seq);
  await note(deps, operator, "dead_letter.dropped", letter, {}, reason);
  await deadLetters.take(name.durable, name.seq);
}

async function note(
  deps: DeadLetterDeps,
  operator: AskingSession,
  action: string,
  { durable, seq, eventId, subject, reason: failure }: DeadLetter,
  facts: Facts,
  reason?: string,
): Promise<void> {
  const { userId } = operator;
  const actor = actorOfSession(operator);
  const details = { eventId, subject, failure, ...facts };
  await change(deps, { userId }, async (trx: Transaction, at) =>
    appendAudit(trx, { chain: `user:${userId}`, at, actor, action, target: `${durable}:${seq}`, details, reason }),
  );
}
