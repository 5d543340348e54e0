import type { Secret } from "@topdog/config/secret";
import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Dialect, DialectId, ModelRequest, ProviderRefusal } from "@topdog/dialects/dialect";
import type { StreamFormat } from "@topdog/dialects/operation";
import type { TokenUsage } from "@topdog/dialects/token-usage";
import type { AttemptFailure } from "../../domain/attempt-failure.ts";

/** One contract for every provider; a folder each, with the same files. */
export interface Provider {
  /** The dialects that it takes calls of. */
  readonly dialects: readonly DialectId[];
  /** Those of them that it speaks itself: in these, requests and answers pass through as they are. */
  readonly native: readonly DialectId[];
  /** For a provider that speaks no dialect: what calls are translated into. */
  readonly ownFormat: WireFormat | null;
  /** Sends the call with this credential; null for a provider that wants none. Never rejects. */
  open(call: ProviderCall, credential: Secret | null): OpenCall;
  /** Asks by the cheapest authenticated read whether the provider accepts a credential. Never rejects. */
  check(credential: Secret | null, timeoutMs: number): Promise<CredentialStatus>;
  close(): Promise<void>;
}

/** How a call is told and how its answer is read: a dialect, or a provider's own format. */
export type WireFormat = Pick<Dialect, "readAnswer" | "inbound" | "outbound"> & {
  readonly id: string;
  readonly stream: Pick<StreamFormat, "endEvent"> | null;
};

export interface ProviderCall {
  /** What the request is written in. */
  readonly format: WireFormat;
  readonly request: ModelRequest;
  readonly requestId: string;
  /** The caller's, of those that its dialect passes on; names and values alternate. */
  readonly headers: readonly string[];
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

/** All bytes are in the call's format. `dropped`: what of the request this provider was not told. */
export type AttemptOutcome =
  | { readonly kind: "stream"; readonly stream: ProviderStream; readonly dropped?: readonly string[] }
  /** A whole plain answer. */
  | {
      readonly kind: "answer";
      readonly body: Buffer;
      readonly usage: TokenUsage | null;
      readonly dropped?: readonly string[];
    }
  /** The caller's own fault: a status of 4xx. */
  | { readonly kind: "refusal"; readonly status: number; readonly refusal: ProviderRefusal }
  /** The provider was not asked: it cannot be told this call. Another may be. */
  | { readonly kind: "uncarried"; readonly refusal: ProviderRefusal }
  | { readonly kind: "failure"; readonly failure: AttemptFailure };

/** Whole, with the event that ends it, in the provider's own bytes if it sent one; or broken off. */
export type StreamEnd = { readonly usage: TokenUsage | null } & (
  | { readonly endEvent: Buffer | string; readonly failure: null }
  | { readonly endEvent: null; readonly failure: AttemptFailure }
);

export interface StreamSink {
  /** Whole events; returns false to be left alone until `resume`. */
  onEvents(bytes: Buffer): boolean;
  /** Once, after the last events. The end event is not among them. */
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

/** The provider is not asked. */
export const uncarried = (refusal: Omit<ProviderRefusal, "type">): OpenCall => ({
  outcome: Promise.resolve({ kind: "uncarried", refusal: { ...refusal, type: "invalid_request_error" } }),
  abort: () => undefined,
});
