import type { AttemptFailure } from "../../domain/attempt-failure.ts";
import type { FailureKind } from "../../domain/failure-table.ts";
import type { ProviderCall, ProviderStream, StreamEnd, StreamSink } from "../providers/provider.ts";
import type { AttemptControl, BodyReader } from "./body-reader.ts";
import { createEventSplitter, type Split } from "./event-splitter.ts";

/** Held back before the first content, or until the sink is attached. */
const maxHeldBytes = 1024 * 1024;

const failureOf = (kind: FailureKind): AttemptFailure => ({ kind, retryAfterSeconds: null });
const stopKinds = {
  /** The end of an answer that had no content. */
  end: "malformed",
  error: "server_error",
  malformed: "malformed",
  oversized: "oversized",
  rate_limited: "rate_limited",
  overloaded: "overloaded",
} as const;

/** Holds everything back until the first content; from then on passes whole events to the sink. */
export function createStreamReader(control: AttemptControl, call: ProviderCall): BodyReader {
  const reader = call.request.newStreamReader();
  const splitter = createEventSplitter(reader);
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
    contentEvents: () => reader.contentEvents(),
  };

  function hold(bytes: Buffer): void {
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes <= maxHeldBytes) return;
    if (begun) control.pause();
    else control.abort("oversized");
  }

  function pass({ pass }: Split): void {
    for (const bytes of pass) {
      if (sink === null) hold(bytes);
      else if (!sink.onEvents(bytes)) control.pause();
    }
  }

  function begin(): void {
    begun = true;
    control.timer.expect(call.interChunkTimeoutMs);
    control.decide({ kind: "stream", stream });
  }

  function finish(next: StreamEnd): void {
    if (end !== null) return;
    end = next;
    sink?.onEnd(end);
  }

  const complete = (endEvent: Buffer | string): void => finish({ endEvent, failure: null, usage: reader.usage() });
  const breakOff = (failure: AttemptFailure): void => finish({ endEvent: null, failure, usage: reader.usage() });

  function fail(failure: AttemptFailure): void {
    breakOff(failure);
    control.decide({ kind: "failure", failure });
  }

  return {
    onData(chunk) {
      if (end !== null) return;
      const split = splitter.push(chunk);
      pass(split);
      if (!begun && reader.contentEvents() > 0) begin();
      if (split.stop === null) return;
      if (split.endEvent !== null && begun) return complete(split.endEvent);
      const failure = failureOf(stopKinds[split.stop]);
      fail(failure);
      control.abort(failure.kind);
    },
    onEnd() {
      // Some providers leave out the end event. Only an answer whose parts are all finished counts as complete then.
      const endEvent = call.format.stream?.endEvent;
      if (reader.isFinished() && typeof endEvent === "string") complete(endEvent);
      else fail(failureOf(begun ? "cut" : "malformed"));
    },
    onFailure: breakOff,
  };
}
