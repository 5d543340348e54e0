import { fstatSync } from "node:fs";
import { usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { UsageIntent } from "../../domain/usage-spool.ts";
import { decodeRecord, type SpoolRecord } from "./record.ts";
import { readFrames } from "./segment-reader.ts";
import { createSegment, listSegments, type Segment } from "./segment.ts";

export interface Recovered {
  /** Oldest first; sealed, and all to be shipped again. */
  readonly segments: Segment[];
  /** Calls that the last process did not finish. */
  readonly open: ReadonlyMap<string, { readonly intent: UsageIntent; readonly begun: boolean }>;
  /** Bytes after the last intact record, over all segments. */
  readonly tornBytes: number;
  readonly nextIndex: number;
}

type OpenCalls = Map<string, { readonly intent: UsageIntent; begun: boolean }>;

function apply(open: OpenCalls, record: SpoolRecord | null): void {
  switch (record?.kind) {
    case "intent": {
      // A second intent of a call is the first one, moved: what is known of it stays.
      const id = usageIdOf(record.intent);
      if (!open.has(id)) open.set(id, { intent: record.intent, begun: false });
      return;
    }
    case "begun": {
      const call = open.get(record.usageId);
      if (call !== undefined) call.begun = true;
      return;
    }
    case "final":
      open.delete(usageIdOf(record.usage));
      return;
    default:
  }
}

/** Reads what earlier processes left. A torn tail ends its segment: nothing is ever appended behind one. */
export async function recoverSegments(folder: string): Promise<Recovered> {
  const open: OpenCalls = new Map();
  const segments: Segment[] = [];
  let tornBytes = 0;
  let nextIndex = 1;
  for (const index of listSegments(folder)) {
    const segment = createSegment(folder, index);
    const fileBytes = fstatSync(segment.fd).size;
    let offset = 0;
    while (offset < fileBytes) {
      const batch = await readFrames(segment.fd, offset, fileBytes);
      for (const frame of batch.frames) apply(open, decodeRecord(frame));
      offset = batch.nextOffset;
      if (batch.torn) break;
    }
    tornBytes += fileBytes - offset;
    segment.bytes = offset;
    segment.durableBytes = offset;
    segment.inherited = true;
    segment.sealed = true;
    segments.push(segment);
    nextIndex = index + 1;
  }
  return { segments, open, tornBytes, nextIndex };
}
