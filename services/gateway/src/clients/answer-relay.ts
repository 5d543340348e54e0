import type { ServerResponse } from "node:http";
import type { Watchdog, Watched } from "@topdog/http-kit/watchdog";

export interface RelayLimits {
  /** Until the answer's headers, connecting included. */
  readonly firstByteMs: number;
  /** Between two chunks. */
  readonly chunkMs: number;
  /** Of the whole exchange. */
  readonly totalMs: number;
  /** A client that is connected and does not read. */
  readonly clientStallMs: number;
}

export type CutReason = "upstream_error" | "upstream_stalled" | "deadline" | "client_stalled" | "draining";

/** How an exchange ended for the client. Only after `unanswered` its answer is still to be written. */
export type RelayEnd =
  | { readonly kind: "complete" }
  | { readonly kind: "cut"; readonly reason: CutReason; readonly cause: Error | undefined }
  | { readonly kind: "client_gone" }
  | {
      readonly kind: "unanswered";
      readonly reason: "unreachable" | "refused" | "too_large" | "reset" | "timeout" | "draining";
      readonly cause: Error | undefined;
    };
export type UnansweredReason = Extract<RelayEnd, { kind: "unanswered" }>["reason"];

export interface RelayHooks {
  /** The event that tells a client that its stream was cut; null to cut it without one. */
  cutEvent(reason: CutReason): string | null;
  onEnd(end: RelayEnd): void;
}

/** Where the answer comes from. */
export interface AnswerSource {
  resume(): void;
  /** Nobody wants the rest. */
  abort(): void;
}

export interface RelayDeps {
  readonly watchdog: Watchdog;
  readonly limits: RelayLimits;
  readonly monotonicMs: () => number;
}

const lineFeed = 10;

/** Only between two events may another be added: half an event must never be read as JSON. */
const endsAnEvent = (chunk: Buffer | null): boolean =>
  chunk === null || (chunk.length > 1 && chunk[chunk.length - 1] === lineFeed && chunk[chunk.length - 2] === lineFeed);

/**
 * Streams one answer to a client, from whatever source: no more is buffered than the client's socket holds and the source has
 * on its way, and every wait is bounded. A class: one object per call, which is also the watchdog's entry.
 */
export class AnswerRelay implements Watched {
  dueAtMs: number;
  watched = 0;
  readonly #deps: RelayDeps;
  readonly #res: ServerResponse;
  readonly #hooks: RelayHooks;
  readonly #source: AnswerSource;
  readonly #totalDueMs: number;
  #phase: "waiting" | "answering" | "ended" = "waiting";
  #lastChunk: Buffer | null = null;
  #isEventStream = false;
  #isPaused = false;
  #listensForDrain = false;

  /** The time for the first byte runs from here on. */
  constructor(deps: RelayDeps, res: ServerResponse, hooks: RelayHooks, source: AnswerSource) {
    this.#deps = deps;
    this.#res = res;
    this.#hooks = hooks;
    this.#source = source;
    const nowMs = deps.monotonicMs();
    this.#totalDueMs = nowMs + deps.limits.totalMs;
    this.dueAtMs = Math.min(this.#totalDueMs, nowMs + deps.limits.firstByteMs);
    deps.watchdog.watch(this);
  }

  isEnded(): boolean {
    return this.#phase === "ended";
  }

  /** The client's connection ended: the source is told at once. */
  clientGone(): void {
    if (this.#phase === "ended") return;
    this.#end({ kind: "client_gone" });
    this.#source.abort();
  }

  /** This process ends: the client is told. The source is not, for it must not take that for the client's leaving. */
  interrupt(): void {
    if (this.#phase === "answering") this.#cut("draining", undefined);
    else this.failed("draining", undefined);
  }

  onDue(): void {
    const isTotal = this.#deps.monotonicMs() >= this.#totalDueMs;
    if (this.#phase === "waiting") this.#end({ kind: "unanswered", reason: "timeout", cause: undefined });
    else this.#cut(isTotal ? "deadline" : this.#isPaused ? "client_stalled" : "upstream_stalled", undefined);
    this.#source.abort();
  }

  /** `headers` are all of the answer's; names and values alternate. */
  head(status: number, headers: string[], isEventStream: boolean): void {
    if (this.#phase !== "waiting") return;
    this.#phase = "answering";
    this.#isEventStream = isEventStream;
    this.#extend(this.#deps.limits.chunkMs);
    this.#res.writeHead(status, headers);
  }

  /** False: pause the source until `resume`. */
  data(chunk: Buffer): boolean {
    if (this.#phase !== "answering") return true;
    this.#lastChunk = chunk;
    if (this.#res.write(chunk)) {
      this.#extend(this.#deps.limits.chunkMs);
      return true;
    }
    this.#isPaused = true;
    this.#extend(this.#deps.limits.clientStallMs);
    if (!this.#listensForDrain) {
      this.#listensForDrain = true;
      this.#res.on("drain", () => this.#resume());
    }
    return false;
  }

  complete(): void {
    if (this.#phase !== "answering") return;
    this.#res.end();
    this.#end({ kind: "complete" });
  }

  /** The source broke. `reason` is for an answer that has not begun. */
  failed(reason: UnansweredReason, cause: Error | undefined): void {
    if (this.#phase === "ended") return;
    if (this.#phase === "answering") this.#cut("upstream_error", cause);
    else this.#end({ kind: "unanswered", reason, cause });
  }

  #extend(byMs: number): void {
    this.dueAtMs = Math.min(this.#totalDueMs, this.#deps.monotonicMs() + byMs);
  }

  #resume(): void {
    if (!this.#isPaused || this.#phase !== "answering") return;
    this.#isPaused = false;
    this.#extend(this.#deps.limits.chunkMs);
    this.#source.resume();
  }

  #cut(reason: CutReason, cause: Error | undefined): void {
    const mayAppend = this.#isEventStream && reason !== "client_stalled" && endsAnEvent(this.#lastChunk);
    const event = mayAppend ? this.#hooks.cutEvent(reason) : null;
    if (event === null) this.#res.destroy();
    else this.#res.end(event);
    this.#end({ kind: "cut", reason, cause });
  }

  #end(how: RelayEnd): void {
    this.#phase = "ended";
    this.#deps.watchdog.forget(this);
    this.#hooks.onEnd(how);
  }
}
