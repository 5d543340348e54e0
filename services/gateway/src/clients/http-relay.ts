import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { AnswerRelay, type AnswerSource, type RelayDeps, type RelayHooks } from "./answer-relay.ts";
import type { SiblingPool } from "./sibling-pool.ts";

export interface HttpRelayRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values alternate. */
  readonly headers: string[];
  readonly body: Buffer | null;
}

export interface HttpRelayHooks extends RelayHooks {
  /** All headers for the client; names and values alternate. Has no side effect. */
  answerHeaders(status: number, received: IncomingHttpHeaders): string[];
}

const maxAttempts = 2;

/**
 * Sends one request to a sibling service over HTTP and relays the answer. Tried once more only when no byte of it had been
 * written, that is when connecting failed. A class, for it is undici's handler in one object per request.
 */
export class HttpRelay implements Dispatcher.DispatchHandler, AnswerSource {
  readonly #pool: SiblingPool;
  readonly #request: HttpRelayRequest;
  readonly #hooks: HttpRelayHooks;
  readonly #answer: AnswerRelay;
  #controller: Dispatcher.DispatchController | null = null;
  #attempts = 0;
  #isWritten = false;

  constructor(
    deps: RelayDeps & { readonly pool: SiblingPool },
    request: HttpRelayRequest,
    res: ServerResponse,
    hooks: HttpRelayHooks,
  ) {
    this.#pool = deps.pool;
    this.#request = request;
    this.#hooks = hooks;
    this.#answer = new AnswerRelay(deps, res, hooks, this);
  }

  start(): void {
    this.#attempts += 1;
    const { method, path, headers, body } = this.#request;
    this.#pool.dispatch({ method, path, headers, body }, this);
  }

  clientGone(): void {
    this.#answer.clientGone();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#controller !== null && !this.#controller.aborted)
      this.#controller.abort(new Error("nobody waits for it"));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#answer.isEnded()) this.abort();
    else this.#isWritten = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#answer.isEnded()) return;
    const isEventStream = headers["content-type"]?.startsWith("text/event-stream") === true;
    this.#answer.head(status, this.#hooks.answerHeaders(status, headers), isEventStream);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#answer.data(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#answer.complete();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isWritten) return this.#answer.failed("reset", error);
    if (this.#attempts < maxAttempts && !this.#answer.isEnded()) this.start();
    else this.#answer.failed("unreachable", error);
  }
}
