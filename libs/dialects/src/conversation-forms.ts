import type { Answer, AnswerEvent } from "./conversation-answer.ts";
import type { Conversation } from "./conversation.ts";

/** A request that its dialect has read. */
export interface SaidConversation {
  readonly body: Buffer;
  /** The caller reads the usage of a stream; false only in a dialect where that must be asked for. */
  readonly wantsUsage: boolean;
}

/** How callers say a conversation in a dialect and read its answer. */
export interface InboundForm {
  /** Throws AppError invalid_request, with the member as `param`, for what is wrong or what no other dialect can carry. */
  read(request: SaidConversation): IncomingConversation;
}

export interface IncomingConversation {
  readonly conversation: Conversation;
  /** Members of the request that the conversation leaves out. */
  readonly dropped: readonly string[];
  answerBody(answer: Answer, identity: AnswerIdentity): Buffer;
  newEventWriter(identity: AnswerIdentity): EventWriter;
}

/** What an answer is called in the caller's dialect: providers' own ids and clocks are theirs. */
export interface AnswerIdentity {
  /** Letters, digits, dashes and underscores; the dialect puts its own prefix in front. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
}

/** Writes the events of one streamed answer; the same events in give the same stream, with ids of its own. */
export interface EventWriter {
  /**
   * Whole events of the dialect, with their blank lines; empty when this step shows nothing. Never an end or an error. Throws
   * AppError upstream_answer_invalid for steps in an order that the dialect cannot say.
   */
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
