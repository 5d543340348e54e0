import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import type { Upstream } from "./upstream.ts";
import type { Watchdog, Watched } from "@topdog/http-kit/watchdog";

export interface RelayRequest {
  readonly method: string;
  readonly path: string;
  /** Name and value by turns. */
  readonly headers: string[];
  readonly body: Buffer | null;
}

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

export type CutReason = "upstream_error" | "upstream_stalled" | "deadline" | "client_stalled";

/** How an exchange ended. Only after `unanswered` the client's answer is still to be written. */
export type RelayEnd =
  | { readonly kind: "complete" }
  | { readonly kind: "cut"; readonly reason: CutReason; readonly cause: Error | undefined }
  /** `sent`: the whole request had left, so that the upstream may have acted on it. */
  | { readonly kind: "client_gone"; readonly sent: boolean }
  | {
      readonly kind: "unanswered";
      readonly reason: "unreachable" | "reset" | "timeout";
      readonly cause: Error | undefined;
    };

export interface RelayHooks {
  /** All headers of the answer, name and value by turns. */
  answerHeaders(status: number, upstream: IncomingHttpHeaders): string[];
  /** What tells the reader of an event stream that it was cut; null to just cut it. */
  cutEvent(reason: CutReason): string | null;
  onEnd(end: RelayEnd): void;
}

export interface RelayDeps {
  readonly upstream: Upstream;
  readonly watchdog: Watchdog;
  readonly limits: RelayLimits;
  readonly monotonicMs: () => number;
}

const maxAttempts = 2;
const lineFeed = 10;

/** Only between two events may another be added: half an event must never be read as JSON. */
const endsAnEvent = (chunk: Buffer | null): boolean =>
  chunk === null || (chunk.length > 1 && chunk[chunk.length - 1] === lineFeed && chunk[chunk.length - 2] === lineFeed);

/**
 * Sends one request upstream and streams the answer back: no more is buffered than the two sockets hold. Tried once more
 * only when no byte of it had been written, that is when connecting failed. A class, for it is undici's handler and the
 * watchdog's ward in one object per call.
 */
export class Relay implements Dispatcher.DispatchHandler, Watched {
  dueAtMs: number;
  readonly #deps: RelayDeps;
  readonly #request: RelayRequest;
  readonly #res: ServerResponse;
  readonly #hooks: RelayHooks;
  readonly #totalDueMs: number;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: "connecting" | "waiting" | "answering" | "ended" = "connecting";
  #attempts = 0;
  #sent = false;
  #lastChunk: Buffer | null = null;
  #isEventStream = false;
  #isPaused = false;
  #listensForDrain = false;

  constructor(deps: RelayDeps, request: RelayRequest, res: ServerResponse, hooks: RelayHooks) {
    this.#deps = deps;
    this.#request = request;
    this.#res = res;
    this.#hooks = hooks;
    const nowMs = deps.monotonicMs();
    this.#totalDueMs = nowMs + deps.limits.totalMs;
    this.dueAtMs = Math.min(this.#totalDueMs, nowMs + deps.limits.firstByteMs);
  }

  start(): void {
    this.#deps.watchdog.watched.add(this);
    this.#dispatch();
  }

  /** The client's connection ended: the upstream is told at once. */
  clientGone(): void {
    if (this.#phase === "ended") return;
    this.#end({ kind: "client_gone", sent: this.#sent });
    this.#abortUpstream("the client closed the connection");
  }

  onDue(): void {
    const isTotal = this.#deps.monotonicMs() >= this.#totalDueMs;
    if (this.#phase !== "answering") this.#end({ kind: "unanswered", reason: "timeout", cause: undefined });
    else this.#cut(isTotal ? "deadline" : this.#isPaused ? "client_stalled" : "upstream_stalled", undefined);
    this.#abortUpstream("the exchange took too long");
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === "ended") controller.abort(new Error("nobody waits for the answer"));
    else this.#phase = "waiting";
  }

  onRequestSent(): void {
    this.#sent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === "ended") return;
    this.#phase = "answering";
    this.#isEventStream = headers["content-type"]?.startsWith("text/event-stream") === true;
    this.#extend(this.#deps.limits.chunkMs);
    this.#res.writeHead(status, this.#hooks.answerHeaders(status, headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase !== "answering") return;
    this.#lastChunk = chunk;
    if (this.#res.write(chunk)) return this.#extend(this.#deps.limits.chunkMs);
    this.#isPaused = true;
    this.#extend(this.#deps.limits.clientStallMs);
    controller.pause();
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    this.#res.on("drain", () => this.#resume());
  }

  onResponseEnd(): void {
    if (this.#phase !== "answering") return;
    this.#res.end();
    this.#end({ kind: "complete" });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === "ended") return;
    if (this.#phase === "answering") return this.#cut("upstream_error", error);
    const isUnwritten = this.#phase === "connecting";
    if (isUnwritten && this.#attempts < maxAttempts) return this.#dispatch();
    this.#end({ kind: "unanswered", reason: isUnwritten ? "unreachable" : "reset", cause: error });
  }

  #dispatch(): void {
    this.#attempts += 1;
    const { method, path, headers, body } = this.#request;
    this.#deps.upstream.dispatch({ method, path, headers, body }, this);
  }

  #extend(byMs: number): void {
    this.dueAtMs = Math.min(this.#totalDueMs, this.#deps.monotonicMs() + byMs);
  }

  #resume(): void {
    if (!this.#isPaused || this.#phase !== "answering") return;
    this.#isPaused = false;
    this.#extend(this.#deps.limits.chunkMs);
    this.#controller?.resume();
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
    this.#deps.watchdog.watched.delete(this);
    this.#hooks.onEnd(how);
  }

  #abortUpstream(why: string): void {
    if (this.#controller !== null && !this.#controller.aborted) this.#controller.abort(new Error(why));
  }
}
