import { hash } from "node:crypto";
import { usageConsumed, type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { ReadyEvent } from "@topdog/messaging/event-batch";
import type { Frame } from "./frame.ts";
import { finalKind } from "./record.ts";
import type { Segment } from "./segment.ts";

/** Called with the record as it stands in the spool; what throws stays in the spool. */
export type OnUnfit = (id: string, record: string, error: unknown) => void;

/** The same for the same record. */
function nameOf(usage: UsageConsumed | undefined, record: string): string {
  const id = usage?.requestId;
  return typeof id === "string" && id !== "" ? id : `record-${hash("sha256", record, "hex").slice(0, 16)}`;
}

/**
 * The finals among these frames, as they will travel: the spool's own bytes. Those of an earlier process are checked against the
 * event's schema of today, and what does not fit is put aside alone.
 */
export function readyUsage(frames: readonly Frame[], { inherited }: Segment, onUnfit: OnUnfit): ReadyEvent[] {
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
      onUnfit(nameOf(usage, payload), payload, error);
    }
  }
  return ready;
}
