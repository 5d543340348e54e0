import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Watched } from "@topdog/http-kit/watchdog";
import type { Dispatcher } from "undici";
import type { RequestMoveReason } from "../metrics.ts";
import {
  AnswerRelay,
  type AnswerSource,
  type RelayDeps,
  type RelayHooks,
  type UnansweredReason,
} from "./answer-relay.ts";
import type { SiblingAttempt, SiblingInstance } from "./sibling-instance.ts";
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
  /** Another instance is asked. */
  onMoved(reason: RequestMoveReason): void;
}

const maxTries = 4;
/** An instance whose answer does not begin is asked so often whether it lives. */
const doubtEveryMs = 1_000;
/** The caller token lives for ten seconds: another instance is asked well within them, or not at all. */
const moveWithinMs = 5_000;

/**
 * Sends one request to a sibling service over HTTP and relays the answer. Another instance is asked where no byte of the request had
 * been written, that is when connecting failed; and for a GET, which may be asked twice, also where an instance broke off or fell
 * silent before it answered.
 */
export class HttpRelay implements AnswerSource {
  readonly #deps: RelayDeps & { readonly pool: SiblingPool };
  readonly #request: HttpRelayRequest;
  readonly #hooks: HttpRelayHooks;
  readonly #answer: AnswerRelay;
  readonly #tried: SiblingInstance[] = [];
  readonly #moveUntilMs: number;
  #attempt: InstanceAttempt | null = null;

  constructor(
    deps: RelayDeps & { readonly pool: SiblingPool },
    request: HttpRelayRequest,
    res: ServerResponse,
    hooks: HttpRelayHooks,
  ) {
    this.#deps = deps;
    this.#request = request;
    this.#hooks = hooks;
    this.#moveUntilMs = deps.monotonicMs() + moveWithinMs;
    this.#answer = new AnswerRelay(deps, res, hooks, this);
  }

  start(): void {
    const instance = this.#deps.pool.choose(this.#tried);
    if (instance === null) this.#answer.failed("unreachable", new Error("no instance is known"));
    else this.#ask(instance);
  }

  clientGone(): void {
    this.#answer.clientGone();
  }

  resume(): void {
    this.#attempt?.resume();
  }

  abort(): void {
    this.#attempt?.abandon();
  }

  /** No byte of the request was written. */
  unreachable(cause: Error): void {
    this.#moveOrFail("unreachable", this.#deps.pool.choose(this.#tried), cause);
  }

  /** The connection broke, perhaps in the middle of the answer. */
  broken(hasAnswer: boolean, cause: Error): void {
    const isRepeatable = !hasAnswer && this.#request.method === "GET";
    this.#moveOrFail("reset", isRepeatable ? this.#deps.pool.choose(this.#tried) : null, cause);
  }

  /** No answer has begun. What may not be asked twice waits on, for the instance may wake. */
  silent(): void {
    if (this.#request.method !== "GET" || !this.#mayMove()) return;
    const other = this.#deps.pool.choose(this.#tried);
    if (other === null || other.isEjected() || this.#tried.includes(other)) return;
    this.#attempt?.abandon();
    this.#hooks.onMoved("silent");
    this.#ask(other);
  }

  #moveOrFail(reason: Extract<RequestMoveReason, UnansweredReason>, to: SiblingInstance | null, cause: Error): void {
    if (to === null || !this.#mayMove()) return this.#answer.failed(reason, cause);
    this.#hooks.onMoved(reason);
    this.#ask(to);
  }

  #mayMove(): boolean {
    return !this.#answer.isEnded() && this.#tried.length < maxTries && this.#deps.monotonicMs() < this.#moveUntilMs;
  }

  #ask(instance: SiblingInstance): void {
    this.#tried.push(instance);
    this.#attempt = new InstanceAttempt(this, instance, this.#deps, this.#answer, this.#hooks);
    const { method, path, headers, body } = this.#request;
    instance.send({ method, path, headers, body }, this.#attempt);
  }
}

/** One request to one instance; undici's handler and the watchdog's entry in one object. */
class InstanceAttempt implements SiblingAttempt, Watched {
  dueAtMs = Infinity;
  watched = 0;
  readonly #relay: HttpRelay;
  readonly #instance: SiblingInstance;
  readonly #deps: RelayDeps;
  readonly #answer: AnswerRelay;
  readonly #hooks: HttpRelayHooks;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: "connecting" | "waiting" | "answering" | "over" = "connecting";

  constructor(
    relay: HttpRelay,
    instance: SiblingInstance,
    deps: RelayDeps,
    answer: AnswerRelay,
    hooks: HttpRelayHooks,
  ) {
    this.#relay = relay;
    this.#instance = instance;
    this.#deps = deps;
    this.#answer = answer;
    this.#hooks = hooks;
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Nobody waits for it: whatever still comes of it is nothing. */
  abandon(): void {
    this.#settle("over");
    if (this.#controller?.aborted === false) this.#controller.abort(new Error("nobody waits for it"));
  }

  onDue(): void {
    this.dueAtMs = this.#deps.monotonicMs() + doubtEveryMs;
    this.#instance.doubt();
  }

  onSilence(): void {
    if (this.#phase === "waiting") this.#relay.silent();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === "over") return this.abandon();
    this.#phase = "waiting";
    this.dueAtMs = this.#deps.monotonicMs() + doubtEveryMs;
    this.#deps.watchdog.watch(this);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase !== "waiting") return;
    this.#settle("answering");
    const isEventStream = headers["content-type"]?.startsWith("text/event-stream") === true;
    this.#answer.head(status, this.#hooks.answerHeaders(status, headers), isEventStream);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === "answering" && !this.#answer.data(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#phase === "answering") this.#answer.complete();
    this.#settle("over");
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const phase = this.#phase;
    this.#settle("over");
    if (phase === "connecting") {
      this.#instance.unreachable();
      this.#relay.unreachable(error);
    } else if (phase !== "over") {
      this.#instance.doubt();
      this.#relay.broken(phase === "answering", error);
    }
  }

  #settle(phase: "answering" | "over"): void {
    this.#phase = phase;
    this.#deps.watchdog.forget(this);
    this.#instance.answered(this);
  }
}
