import type { IncomingHttpHeaders } from "node:http";
import type { ProviderRefusal } from "@topdog/dialects/dialect";
import type { Dispatcher } from "undici";
import { classifyStatus, type FailureKind, readRetryAfter } from "../../domain/attempt-failure.ts";
import type { AttemptOutcome, ProviderCall } from "../providers/provider.ts";
import { type AttemptTimer, startAttemptTimer } from "./attempt-timer.ts";
import type { AttemptControl, BodyReader } from "./body-reader.ts";
import { createPlainReader } from "./plain-reader.ts";
import { createStreamReader } from "./stream-reader.ts";

const maxRefusalBytes = 64 * 1024;
/** A failed answer's body is read to keep the connection, but not for long. */
const maxDiscardedBytes = 64 * 1024;
const discardTimeoutMs = 1000;

class AttemptEnded extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind) {
    super(`attempt ended: ${kind}`);
    this.kind = kind;
  }
}

const textHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** One call at one upstream: an undici handler that decides what the answer is and hands its body on. */
export class Attempt implements Dispatcher.DispatchHandler, AttemptControl {
  readonly outcome: Promise<AttemptOutcome>;
  readonly timer: AttemptTimer;
  readonly #call: ProviderCall;
  readonly #readRefusal: (body: Buffer) => ProviderRefusal;
  #resolve: (outcome: AttemptOutcome) => void = () => undefined;
  #decided = false;
  #controller: Dispatcher.DispatchController | null = null;
  #endedAs: FailureKind | null = null;
  #reader: BodyReader | null = null;

  constructor(call: ProviderCall, readRefusal: (body: Buffer) => ProviderRefusal) {
    this.#call = call;
    this.#readRefusal = readRefusal;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.timer = startAttemptTimer({
      silenceMs: call.firstContentTimeoutMs,
      totalMs: call.totalTimeoutMs,
      onTimeout: (kind) => this.abort(kind),
    });
  }

  decide(outcome: AttemptOutcome): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#resolve(outcome);
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
    if (meaning === "answer") this.#reader = this.#answerReader();
    else if (meaning === "callers_fault") this.#reader = this.#refusalReader(status);
    else {
      const retryAfterSeconds = readRetryAfter(textHeader(headers["retry-after"]), Date.now());
      this.decide({ kind: "failure", failure: { kind: meaning, retryAfterSeconds } });
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
    const kind = error instanceof AttemptEnded ? error.kind : this.#reader === null ? "connect" : "cut";
    this.#fail(kind);
  }

  #fail(kind: FailureKind): void {
    this.timer.stop();
    const failure = { kind, retryAfterSeconds: null };
    this.#reader?.onFailure(failure);
    this.decide({ kind: "failure", failure });
  }

  #answerReader(): BodyReader {
    const { request, dialect } = this.#call;
    return request.streamed ? createStreamReader(this, this.#call) : createPlainReader(this, dialect);
  }

  #refusalReader(status: number): BodyReader {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (): void =>
      this.decide({ kind: "refusal", status, refusal: this.#readRefusal(Buffer.concat(chunks)) });
    return {
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes <= maxRefusalBytes) chunks.push(chunk);
        else this.abort("malformed");
      },
      onEnd: refuse,
      onFailure: ({ kind }) => {
        if (kind !== "aborted") refuse();
      },
    };
  }

  #discardingReader(): BodyReader {
    this.timer.expect(discardTimeoutMs);
    let bytes = 0;
    return {
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes > maxDiscardedBytes) this.abort("malformed");
      },
      onEnd: () => undefined,
      onFailure: () => undefined,
    };
  }
}
