import type { AttemptFailure } from "../../domain/attempt-failure.ts";
import type { TokenUsage } from "../../domain/token-usage.ts";

/** One contract for every provider; a folder each. The answers are in the OpenAI dialect. */
export interface Provider {
  /** Sends the call. Never rejects. */
  open(request: ProviderRequest): OpenCall;
  close(): Promise<void>;
}

export interface ProviderRequest {
  readonly body: Buffer;
  readonly streamed: boolean;
  /** Whether the usage chunk is passed on to the caller. */
  readonly wantsUsage: boolean;
  readonly requestId: string;
  /** Until the first content event, or the whole of a plain answer. */
  readonly firstContentTimeoutMs: number;
  /** Between two pieces of a stream. */
  readonly interChunkTimeoutMs: number;
  /** Until the end, from now. */
  readonly totalTimeoutMs: number;
}

export interface OpenCall {
  readonly outcome: Promise<AttemptOutcome>;
  /** Ends the call at the provider at once. */
  abort(): void;
}

export type AttemptOutcome =
  | { readonly kind: "stream"; readonly stream: ProviderStream }
  /** A whole plain answer. */
  | { readonly kind: "answer"; readonly body: Buffer; readonly usage: TokenUsage | null }
  /** The caller's own fault: a status of 4xx, and the body in the OpenAI shape. */
  | { readonly kind: "refusal"; readonly status: number; readonly body: Buffer }
  | { readonly kind: "failure"; readonly failure: AttemptFailure };

export interface StreamEnd {
  /** The provider said `[DONE]`. */
  readonly complete: boolean;
  /** Null when complete. */
  readonly failure: AttemptFailure | null;
  readonly usage: TokenUsage | null;
}

export interface StreamSink {
  /** Whole events; returns false to be left alone until `resume`. */
  onEvents(bytes: Buffer): boolean;
  /** Once, after the last events. `[DONE]` is not among them. */
  onEnd(end: StreamEnd): void;
}

/** A stream whose first content has arrived. */
export interface ProviderStream {
  /** Events begin to flow, those that were held back first. */
  attach(sink: StreamSink): void;
  resume(): void;
  /** Content events so far: about one token each. */
  contentEvents(): number;
}
