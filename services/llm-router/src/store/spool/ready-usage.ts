import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { ReadyEvent } from "@topdog/messaging/event-batch";
import type { Frame } from "./frame.ts";
import { finalKind } from "./record.ts";
import type { Segment } from "./segment.ts";

type OnDropped = (requestId: string, error: unknown) => void;

/**
 * The finals among these frames, as they will travel: the spool's own bytes. Those of an earlier process are checked against the
 * event's schema of today, and what does not fit is dropped alone.
 */
export function readyUsage(frames: readonly Frame[], { inherited }: Segment, onDropped: OnDropped): ReadyEvent[] {
  const ready: ReadyEvent[] = [];
  for (const { kind, payload } of frames) {
    if (kind !== finalKind) continue;
    let usage: UsageConsumed | undefined;
    try {
      usage = JSON.parse(payload) as UsageConsumed;
      if (inherited) usageConsumed.schema.parse(usage);
      const { finishedAt: time, traceparent } = usage;
      ready.push({ id: usageIdOf(usage), time, traceparent, json: payload });
    } catch (error) {
      onDropped(usage?.requestId ?? "unknown", error);
    }
  }
  return ready;
}
