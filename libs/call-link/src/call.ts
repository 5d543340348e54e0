import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge, ChargeSource } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";

/** An admitted `/v1` call, as a router gets it. */
export interface OpenedCall {
  readonly requestId: string;
  readonly traceparent: string;
  /** The operation's name, as in usage records. */
  readonly endpoint: string;
  /** As it came, without its query. */
  readonly path: string;
  /** Of the request, those that the operation passes on; names, in lower case, and values alternate. */
  readonly headers: readonly string[];
  /** How long the call may still take. */
  readonly timeoutMs: number;
  readonly source: ChargeSource;
  /** UTC, of the charges. */
  readonly day: string;
  /** None for a call that costs nothing. */
  readonly charges: Charge[];
  readonly principal: Principal;
  /** Empty when there is none. */
  readonly body: Buffer;
}

export const noBody: Buffer = Buffer.alloc(0);

/** What the router tells of a call when it ends. */
export interface CallReport extends Pick<
  UsageConsumed,
  "outcome" | "provider" | "model" | "promptTokens" | "completionTokens" | "costNanoUsd" | "attempts"
> {
  /** Whether the usage is in the router's spool, or will be. If not, the gateway, which charged the call, publishes it. */
  readonly recorded: boolean;
}

/** Of a call whose usage nobody recorded: it broke before there was any, or by a bug of ours. */
export const unknownReport: CallReport = {
  recorded: false,
  outcome: "failed",
  provider: null,
  model: null,
  promptTokens: 0,
  completionTokens: 0,
  costNanoUsd: 0,
  attempts: 0,
};

/**
 * Why a call has no whole answer. Only after `reset` a router may have acted on it without having told:
 * - `unreachable`: no router could be reached, nothing was sent;
 * - `refused`: the routers take no more calls, nothing was done;
 * - `too_large`: the body is longer than a router takes, nothing was done;
 * - `cancelled`: taken back before a router had acted on it;
 * - `cut`: the router broke the answer off, with a report;
 * - `reset`: the link closed during the call, or its router fell silent before it began to answer.
 */
export type CallFailure =
  | { readonly reason: "unreachable" | "refused" | "too_large" | "cancelled"; readonly cause?: Error | undefined }
  | { readonly reason: "cut"; readonly report: CallReport; readonly cause?: undefined }
  | { readonly reason: "reset"; readonly cause?: Error | undefined };

export interface AnswerHead {
  readonly status: number;
  /** Names, in lower case, and values alternate. */
  readonly headers: readonly string[];
  /** The router accounts for this call, even if its report never arrives. */
  readonly isAccountedFor: boolean;
}

/** Takes the answer of a call, at the gateway. Exactly one of `onEnd` and `onFail` is called, once, and last. */
export interface AnswerHandler {
  onHead(head: AnswerHead): void;
  /** False holds the router back until `resume` is called; what is already on its way still comes. */
  onData(bytes: Buffer): boolean;
  onEnd(report: CallReport): void;
  onFail(failure: CallFailure): void;
}

/** A call that was given to the link. */
export interface PendingCall {
  /** Nobody waits for the answer: nothing but the end comes any more. */
  cancel(): void;
  resume(): void;
}

/** A call, at the router. Its body is whole. */
export interface IncomingCall {
  readonly opened: OpenedCall;
  isGone(): boolean;
  /** Gone with its gateway or the link: nobody knows whether the client still waited. */
  isLost(): boolean;
  /** What to do when the gateway gives the call up; replaces what was to be done before. */
  onGone(act: () => void): void;
  onDrain(act: () => void): void;
  head(head: AnswerHead): void;
  /** False when the caller must read first: then `onDrain` tells when to go on. Bytes must not change any more. */
  write(bytes: Buffer): boolean;
  /** The answer is whole. */
  end(report: CallReport): void;
  /** The answer breaks off here. */
  cut(report: CallReport): void;
  /** Nothing was done for this call. Only before `head`. */
  refuse(): void;
}
