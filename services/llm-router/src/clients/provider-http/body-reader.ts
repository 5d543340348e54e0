import type { AttemptFailure } from "../../domain/attempt-failure.ts";
import type { FailureKind } from "../../domain/failure-table.ts";
import type { AttemptOutcome } from "../providers/provider.ts";
import type { AttemptTimer } from "./attempt-timer.ts";

/** Reads the body of an answer that is a success. */
export interface BodyReader {
  onData(chunk: Buffer): void;
  /** The body is over, as its framing says. */
  onEnd(): void;
  /** Nothing more will come. */
  onFailure(failure: AttemptFailure): void;
}

/** What a body reader may do to its attempt. */
export interface AttemptControl {
  readonly timer: AttemptTimer;
  /** The first decision about this attempt stands; later ones are ignored. */
  decide(outcome: AttemptOutcome): void;
  pause(): void;
  resume(): void;
  abort(kind: FailureKind): void;
}
