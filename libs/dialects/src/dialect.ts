import type { InboundForm, OutboundForm, SaidConversation } from "./conversation-forms.ts";
import type { Operation, StreamFormat } from "./operation.ts";
import type { TokenUsage } from "./token-usage.ts";

/** Every dialect: the name of its folder. */
export const dialectIds = ["openai-chat", "anthropic-messages", "openai-responses", "openai-embeddings"] as const;
export type DialectId = (typeof dialectIds)[number];

/**
 * One wire format of the LLM API: all that the platform has to know of it to route, meter and relay a call. Requests and
 * answers pass through as bytes; nothing outside of a dialect's folder knows what stands in them.
 */
export interface Dialect extends Operation {
  readonly id: DialectId;
  readonly method: "POST";
  readonly stream: StreamFormat | null;
  /** Reads only what routing and metering need. Throws AppError malformed_json or invalid_request. */
  readRequest(body: Buffer): ModelRequest;
  /** Null when a body that came with 200 is not an answer of this dialect. */
  readAnswer(body: Buffer): WholeAnswer | null;
  /** The body of an error that a provider answered to the caller's own fault. */
  refusalBody(refusal: ProviderRefusal, requestId: string): object;
  /** Carries calls to providers that do not speak this dialect; null for one that holds no conversation. */
  readonly inbound: InboundForm | null;
  /** Carries calls of other dialects to providers that speak this one. */
  readonly outbound: OutboundForm | null;
}

/** One whose answers may be streams. */
export type StreamingDialect = Dialect & { readonly stream: StreamFormat };

export interface ModelRequest extends SaidConversation {
  readonly model: string;
  readonly streamed: boolean;
  /** What goes to the provider: the caller's own bytes, with what metering needs spliced in. */
  readonly body: Buffer;
  /** The length of what the caller sent. */
  readonly callerBytes: number;
  /** Its caller lets the provider serve it only where it has room: that there is none says nothing of other calls. */
  readonly flexible?: boolean;
  /** What of the request does not go to any provider. */
  readonly dropped?: readonly string[];
  /** Reads the stream that answers this request. */
  newStreamReader(): StreamReader;
}

export interface WholeAnswer {
  /** Null when the provider did not state it. */
  readonly usage: TokenUsage | null;
}

/** A provider's 4xx, freed of its wire format; the text is for the caller. */
export interface ProviderRefusal {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
}

/** What one event of a stream means. */
export type EventMeaning =
  /** Counts as output: once it has reached the caller nothing may fall back. */
  | "content"
  /** Part of the answer that shows the user nothing yet, such as a role. */
  | "opening"
  /** Not an event: a comment. */
  | "comment"
  /** Asked for by us and not by the caller: not passed on. */
  | "withheld"
  /** The last event of a whole answer. */
  | "end"
  | "error"
  | "rate_limited"
  | "overloaded"
  | "malformed";

/** Reads the events of one stream, in order. */
export interface StreamReader {
  /** The event in `bytes[start, end)`, its blank line included. */
  read(bytes: Buffer, start: number, end: number): EventMeaning;
  /** Content events so far: about one token each. */
  contentEvents(): number;
  /** What the provider has stated until now. */
  usage(): TokenUsage | null;
  /** All parts of the answer are finished: a body that ends here is complete even without an end event. */
  isFinished(): boolean;
}
