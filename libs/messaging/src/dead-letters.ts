import type { JsMsg, StoredMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { deadLetterStream as stream, deadLetterSubject, type DurableDeclaration } from "@topdog/contracts/topology";
import { AppError } from "@topdog/errors/app-error";
import type { Bus } from "./connect.ts";
import { headerOf, traceparentHeader } from "./envelope.ts";
import { publishStored } from "./publish.ts";

export interface DeadLetter {
  /** Sequence in the dead-letter stream: what `replay` and `drop` name it by. */
  readonly seq: number;
  readonly durable: string;
  readonly eventId: string;
  readonly subject: string;
  readonly reason: string;
  readonly deliveries: number;
  /** ISO 8601. */
  readonly at: string;
  /** The event's JSON text. */
  readonly payload: string;
}

const subjectPrefix = deadLetterSubject("");
const publishTimeoutMs = 5_000;
const maxReasonCharacters = 300;
const originHeaders = {
  subject: "topdog-dead-subject",
  reason: "topdog-dead-reason",
  deliveries: "topdog-dead-deliveries",
};

/** What is kept of an event that cannot be handled: published again, it is a message of its own. */
export interface Letter {
  readonly body: Uint8Array;
  readonly headers: MsgHdrs;
  /** Its place in the batch it came in; null when it was a message of its own. */
  readonly index: number | null;
}

export const letterOfMessage = (message: JsMsg): Letter => ({
  body: message.data,
  headers: copyHeaders(message),
  index: null,
});

const carriedAttributes = ["specversion", "id", "type", "source", "time"];
const headerText = /^[\x20-\x7e]{1,256}$/;

/** One event of a batch, in binary mode. Attributes that no header can hold are left out. */
export function letterOfEvent(index: number, attributes: Readonly<Record<string, unknown>>, payload: unknown): Letter {
  const carried = headers();
  const carry = (name: string, value: unknown): void => {
    if (typeof value === "string" && headerText.test(value)) carried.set(name, value);
  };
  for (const name of carriedAttributes) carry(`ce-${name}`, attributes[name]);
  carry(traceparentHeader, attributes["traceparent"]);
  carried.set("content-type", "application/json");
  return { body: new TextEncoder().encode(JSON.stringify(payload)), headers: carried, index };
}

/** Stores what is left of a failed event, once per durable, stream sequence and place in the batch. */
export async function buryLetter(
  bus: Bus,
  durable: DurableDeclaration,
  message: JsMsg,
  { body, headers: carried, index }: Letter,
  reason: string,
): Promise<void> {
  carried.set(originHeaders.subject, message.subject);
  carried.set(originHeaders.reason, reason.replaceAll(/\s+/g, " ").slice(0, maxReasonCharacters));
  carried.set(originHeaders.deliveries, String(message.info.deliveryCount));
  const id = `${durable.name}:${message.seq}${index === null ? "" : `:${index}`}`;
  await publishStored(bus, { subject: deadLetterSubject(durable.name), body, headers: carried, id }, publishTimeoutMs);
}

/** The oldest first, of one durable or of all; from those after `after` on, when it is given. */
export async function listDeadLetters(bus: Bus, durable?: string, limit = 1_000, after = 0): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let seq = after + 1;
  while (letters.length < limit) {
    const stored = await bus.jsm.direct.getMessage(stream, { seq, next_by_subj: deadLetterSubject(durable ?? ">") });
    if (stored === null) break;
    letters.push(toDeadLetter(stored));
    seq = stored.seq + 1;
  }
  return letters;
}

/**
 * Publishes dead letters again under their own subject and event id, then removes them. Every consumer of that subject gets
 * the event; those that have handled it ignore it. Returns how many; throws `not_found` for an unknown seq.
 */
export async function replayDeadLetters(bus: Bus, durable: string, seq?: number): Promise<number> {
  return forEachLetter(bus, durable, seq, async (stored) => {
    const subject = headerOf(stored.header, originHeaders.subject);
    if (subject === undefined) throw new Error(`dead letter ${stored.seq} does not say its subject`);
    // Not the event's id: within the duplicate window the bus would take the replay for the original.
    const id = `replay:${durable}:${stored.seq}`;
    await publishStored(bus, { subject, body: stored.data, headers: copyHeaders(stored), id }, publishTimeoutMs);
    await bus.jsm.streams.deleteMessage(stream, stored.seq);
  });
}

/** Removes dead letters for good. Returns how many; throws `not_found` for an unknown seq. */
export async function dropDeadLetters(bus: Bus, durable: string, seq?: number): Promise<number> {
  return forEachLetter(bus, durable, seq, async (stored) => {
    await bus.jsm.streams.deleteMessage(stream, stored.seq);
  });
}

/** One letter of a durable as it is stored; throws `not_found` when there is none with this seq. */
export async function readDeadLetter(bus: Bus, durable: string, seq: number): Promise<StoredMsg> {
  const stored = await bus.jsm.direct.getMessage(stream, { seq });
  if (stored?.subject !== deadLetterSubject(durable)) throw noSuchLetter(durable, seq);
  return stored;
}

/** Takes one letter away for good; returns what it was. Throws `not_found` for an unknown seq. */
export async function takeDeadLetter(bus: Bus, durable: string, seq: number): Promise<DeadLetter> {
  const letter = toDeadLetter(await readDeadLetter(bus, durable, seq));
  await bus.jsm.streams.deleteMessage(stream, seq);
  return letter;
}

const noSuchLetter = (durable: string, seq: number): AppError =>
  new AppError("not_found", { detail: `${durable} has no dead letter ${seq}` });

async function forEachLetter(
  bus: Bus,
  durable: string,
  seq: number | undefined,
  act: (stored: StoredMsg) => Promise<void>,
): Promise<number> {
  const subject = deadLetterSubject(durable);
  // A replayed event may fail again meanwhile: the letter it becomes is not handled in the same call.
  const { last_seq: last } = (await bus.jsm.streams.info(stream)).state;
  let next = seq ?? 1;
  for (let count = 0; ; count += 1) {
    const stored = await bus.jsm.direct.getMessage(stream, { seq: next, next_by_subj: subject });
    if (seq !== undefined && stored?.seq !== seq) throw noSuchLetter(durable, seq);
    if (stored === null || stored.seq > last) return count;
    await act(stored);
    if (seq !== undefined) return 1;
    next = stored.seq + 1;
  }
}

export function toDeadLetter(stored: StoredMsg): DeadLetter {
  return {
    seq: stored.seq,
    durable: stored.subject.slice(subjectPrefix.length),
    eventId: headerOf(stored.header, "ce-id") ?? "",
    subject: headerOf(stored.header, originHeaders.subject) ?? "",
    reason: headerOf(stored.header, originHeaders.reason) ?? "",
    deliveries: Number(headerOf(stored.header, originHeaders.deliveries) ?? 0),
    at: stored.time.toISOString(),
    payload: new TextDecoder().decode(stored.data),
  };
}

/** The event's own headers, without the bus's and ours. */
function copyHeaders(from: JsMsg | StoredMsg): ReturnType<typeof headers> {
  const source = "header" in from ? from.header : from.headers;
  const copy = headers();
  for (const [name, values] of source ?? []) {
    if (!name.toLowerCase().startsWith("nats-") && !name.startsWith("topdog-dead-")) copy.set(name, values[0] ?? "");
  }
  return copy;
}
