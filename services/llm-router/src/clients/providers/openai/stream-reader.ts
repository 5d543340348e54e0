import type { AttemptFailure } from "../../../domain/attempt-failure.ts";
import type { ProviderStream, StreamEnd, StreamSink } from "../provider.ts";
import type { AttemptControl, BodyReader } from "./attempt.ts";
import { createEventSplitter, type Split } from "./event-splitter.ts";

/** Held back before the first content, or until the sink is attached. */
const maxHeldBytes = 1024 * 1024;

const failureOf = (kind: AttemptFailure["kind"]): AttemptFailure => ({ kind, retryAfterSeconds: null });
const stopKinds = { error: "broken", malformed: "broken", rate_limited: "rate_limited" } as const;

export interface StreamReaderOptions {
  readonly passUsage: boolean;
  readonly interChunkTimeoutMs: number;
}

/** Holds everything back until the first content; from then on passes whole events to the sink. */
export function createStreamReader(control: AttemptControl, options: StreamReaderOptions): BodyReader {
  const splitter = createEventSplitter(options);
  let held: Buffer[] = [];
  let heldBytes = 0;
  let sink: StreamSink | null = null;
  let begun = false;
  let end: StreamEnd | null = null;

  const stream: ProviderStream = {
    attach(next) {
      sink = next;
      const waiting = held;
      held = [];
      let flows = true;
      for (const bytes of waiting) flows = next.onEvents(bytes);
      if (end !== null) next.onEnd(end);
      else if (!flows) control.pause();
      else if (heldBytes > maxHeldBytes) control.resume();
    },
    resume: () => control.resume(),
    contentEvents: () => splitter.contentEvents(),
  };

  function hold(bytes: Buffer): void {
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes <= maxHeldBytes) return;
    if (begun) control.pause();
    else control.abort("broken");
  }

  function pass({ pass }: Split): void {
    for (const bytes of pass) {
      if (sink === null) hold(bytes);
      else if (!sink.onEvents(bytes)) control.pause();
    }
  }

  function begin(): void {
    begun = true;
    control.timer.expect(options.interChunkTimeoutMs);
    control.decide({ kind: "stream", stream });
  }

  function finish(complete: boolean, failure: AttemptFailure | null): void {
    if (end !== null) return;
    end = { complete, failure, usage: splitter.usage() };
    sink?.onEnd(end);
  }

  return {
    onData(chunk) {
      if (end !== null) return;
      const split = splitter.push(chunk);
      pass(split);
      if (!begun && splitter.contentEvents() > 0) begin();
      if (split.stop === null) return;
      if (split.stop === "done" && begun) return finish(true, null);
      const failure = failureOf(split.stop === "done" ? "broken" : stopKinds[split.stop]);
      finish(false, failure);
      control.decide({ kind: "failure", failure });
      control.abort(failure.kind);
    },
    // Ended without [DONE]: the framing was whole, the answer may not be.
    onEnd() {
      finish(false, failureOf("broken"));
      control.decide({ kind: "failure", failure: failureOf("broken") });
    },
    onFailure: (failure) => finish(false, failure),
  };
}
