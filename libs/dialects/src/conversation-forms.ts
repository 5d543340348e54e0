import type { Answer, AnswerEvent } from "./conversation-answer.ts";
import type { Conversation } from "./conversation.ts";

/** How callers say a conversation in a dialect and read its answer. */
export interface InboundForm {
  /** Throws AppError invalid_request, with the member as `param`, for what is wrong or what no other dialect can carry. */
  read(body: Buffer): IncomingConversation;
}

export interface IncomingConversation {
  readonly conversation: Conversation;
  /** Members of the request that the conversation leaves out. */
  readonly dropped: readonly string[];
  answerBody(answer: Answer): Buffer;
  newEventWriter(): EventWriter;
}

/** Writes the events of one streamed answer; the same events in give the same stream, with ids of its own. */
export interface EventWriter {
  /** Whole events of the dialect, with their blank lines; empty when this step shows nothing. Never an end or an error. */
  write(event: AnswerEvent): string;
  /** What a complete answer ends with. */
  end(): string;
}

/**
 * How a provider is told a conversation and how its answer is read: of a dialect, or a provider's own in its folder. Any provider
 * that has one is offered calls of every dialect that has an inbound form.
 */
export interface OutboundForm {
  write(conversation: Conversation): OutgoingConversation;
  /** Null when a body that came with 200 is not an answer. */
  readAnswer(body: Buffer): Answer | null;
  newEventReader(): EventReader;
}

export type OutgoingConversation =
  | {
      readonly kind: "request";
      readonly body: Buffer;
      /** What the provider cannot do and the answer does not depend on, in the words of the conversation: `sampling.topK`. */
      readonly dropped: readonly string[];
    }
  /** The answer would be another one without it: another provider, or a 400. */
  | { readonly kind: "impossible"; readonly what: string; readonly detail: string };

export interface EventReader {
  /** What the event in `bytes[start, end)`, its blank line included, says: nothing, or several steps. Null when it is malformed. */
  read(bytes: Buffer, start: number, end: number): readonly AnswerEvent[] | null;
}
