import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { readRetryAfter } from "../../domain/attempt-failure.ts";
import { classifyStatus, type FailureKind } from "../../domain/failure-table.ts";
import { readMeaning } from "../../domain/refusal-meaning.ts";
import type { AttemptOutcome, ProviderCall } from "../providers/provider.ts";
import { type AttemptTimer, startAttemptTimer } from "./attempt-timer.ts";
import type { AttemptControl, BodyReader } from "./body-reader.ts";
import type { BodyDecoder, HttpApi } from "./http-api.ts";
import { createPlainReader } from "./plain-reader.ts";
import { createStreamReader } from "./stream-reader.ts";

const maxRefusalBytes = 64 * 1024;
const refusalTimeoutMs = 2000;
/** A failed answer's body is read to keep the connection, but not for long. */
const maxDiscardedBytes = 64 * 1024;
const discardTimeoutMs = 1000;

const withoutRoom: ReadonlySet<FailureKind> = new Set(["rate_limited", "overloaded", "timeout"]);

class AttemptEnded extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind) {
    super(`attempt ended: ${kind}`);
    this.kind = kind;
  }
}

/** What others share must not rest because one caller asks for what is seldom there. */
const ofTier = (outcome: AttemptOutcome): AttemptOutcome =>
  outcome.kind === "failure" && withoutRoom.has(outcome.failure.kind)
    ? { kind: "failure", failure: { ...outcome.failure, kind: "tier_full" } }
    : outcome;

/** One call at one upstream: an undici handler that decides what the answer is and hands its body on. */
export class Attempt implements Dispatcher.DispatchHandler, AttemptControl {
  readonly outcome: Promise<AttemptOutcome>;
  readonly timer: AttemptTimer;
  readonly #call: ProviderCall;
  readonly #api: Pick<HttpApi, "readRefusal" | "newDecoder">;
  #resolve: (outcome: AttemptOutcome) => void = () => undefined;
  #decided = false;
  #controller: Dispatcher.DispatchController | null = null;
  #endedAs: FailureKind | null = null;
  #reader: BodyReader | null = null;

  constructor(call: ProviderCall, api: Pick<HttpApi, "readRefusal" | "newDecoder">) {
    this.#call = call;
    this.#api = api;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.timer = startAttemptTimer({
      silenceMs: call.firstContentTimeoutMs,
      totalMs: call.totalTimeoutMs,
      // Decided: the answer had begun.
      onTimeout: (kind) => this.abort(kind === "timeout" && this.#decided ? "stalled" : kind),
    });
  }

  decide(outcome: AttemptOutcome): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#resolve(this.#call.request.flexible === true ? ofTier(outcome) : outcome);
  }

  pause(): void {
    this.timer.hold(true);
    this.#controller?.pause();
  }

  resume(): void {
    this.timer.hold(false);
    this.#controller?.resume();
  }

  abort(kind: FailureKind): void {
    if (this.#endedAs !== null) return;
    this.#endedAs = kind;
    if (this.#controller === null) this.#fail(kind);
    else this.#controller.abort(new AttemptEnded(kind));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It waited for a connection, and its time ran out meanwhile.
    if (this.#endedAs !== null) controller.abort(new AttemptEnded(this.#endedAs));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const meaning = classifyStatus(status);
    if (meaning === "answer") {
      this.#reader = this.#answerReader();
      return;
    }
    const retryAfterSeconds = readRetryAfter(headers, Date.now());
    if (status >= 400 && status < 500) this.#reader = this.#refusalReader(status, headers, retryAfterSeconds);
    else {
      this.decide({ kind: "failure", failure: { kind: meaning as FailureKind, retryAfterSeconds } });
      this.#reader = this.#discardingReader();
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.timer.touch();
    this.#reader?.onData(chunk);
  }

  onResponseEnd(): void {
    this.timer.stop();
    this.#reader?.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof AttemptEnded) return this.#fail(error.kind);
    this.#fail(this.#controller === null ? "connect" : this.#reader === null ? "dropped" : "cut");
  }

  #fail(kind: FailureKind): void {
    this.timer.stop();
    const failure = { kind, retryAfterSeconds: null };
    this.#reader?.onFailure(failure);
    this.decide({ kind: "failure", failure });
  }

  #answerReader(): BodyReader {
    const { request, format } = this.#call;
    if (!request.streamed) return createPlainReader(this, format);
    const reader = createStreamReader(this, this.#call);
    const decoder = this.#api.newDecoder?.();
    return decoder === undefined ? reader : this.#decoded(reader, decoder);
  }

  #decoded(reader: BodyReader, decoder: BodyDecoder): BodyReader {
    return {
      onData: (chunk) => {
        const events = decoder.push(chunk);
        if (events === null) this.abort("malformed");
        else if (events.length > 0) reader.onData(events);
      },
      onEnd: () => reader.onEnd(),
      onFailure: (failure) => reader.onFailure(failure),
    };
  }

  /** What a 4xx means may stand in its body alone. One that does not come in time means what its status says. */
  #refusalReader(status: number, headers: IncomingHttpHeaders, headerSeconds: number | null): BodyReader {
    this.timer.expect(refusalTimeoutMs);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const judge = (): void => {
      const { retryAfterSeconds: bodySeconds, ...stated } = this.#api.readRefusal(Buffer.concat(chunks), headers);
      const { meaning, refusal } = readMeaning(status, stated);
      const retryAfterSeconds = headerSeconds ?? bodySeconds ?? null;
      if (meaning === "callers_fault") this.decide({ kind: "refusal", status, refusal });
      else this.decide({ kind: "failure", failure: { kind: meaning, retryAfterSeconds } });
    };
    return {
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes <= maxRefusalBytes) chunks.push(chunk);
        else this.abort("oversized");
      },
      onEnd: judge,
      onFailure: ({ kind }) => {
        if (kind !== "aborted" && kind !== "deadline") judge();
      },
    };
  }

  #discardingReader(): BodyReader {
    this.timer.expect(discardTimeoutMs);
    let bytes = 0;
    return {
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes > maxDiscardedBytes) this.abort("oversized");
      },
      onEnd: () => undefined,
      onFailure: () => undefined,
    };
  }
}
