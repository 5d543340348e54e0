import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { SpooledCall, UsageIntent } from "../../domain/usage-spool.ts";
import { LiveMap } from "@topdog/live-map/live-map";
import { encodeBegun, encodeFinal, encodeIntent } from "./record.ts";
import type { Segment } from "./segment.ts";
import type { SpoolLog } from "./spool-log.ts";

interface OpenCall {
  /** Of this process's own. */
  readonly number: number;
  readonly id: string;
  readonly intent: UsageIntent;
  /** Where its intent is. */
  segment: Segment;
  begun: boolean;
  /** Its final is written: an intent written after it would open the call again. */
  over: boolean;
  /** The final that the disk did not take; written when it takes writes again. */
  unwritten: UsageConsumed | null;
}

export interface OpenCalls {
  count(): number;
  /** Writes the intent, already encoded. Throws the system's error. */
  begin(intent: UsageIntent, frame: Buffer): SpooledCall;
  /** Writes the intents that are in this segment once more, at the end of the log, so that it can go. */
  moveFrom(segment: Segment): void;
  /** Once the disk takes writes again: writes the finals that are missing. */
  writeOwed(): void;
}

/** The calls that have begun and are not over. */
export function createOpenCalls(log: SpoolLog, onRecorded: (usage: UsageConsumed) => void): OpenCalls {
  const open = new LiveMap<OpenCall>();
  let last = 0;

  async function finish(call: OpenCall, usage: UsageConsumed): Promise<void> {
    try {
      log.append(encodeFinal(usage));
      call.over = true;
      await log.flush();
    } catch (error) {
      call.over = false;
      // The caller will see a failure, so that is what is recorded.
      call.unwritten = { ...usage, outcome: "failed", refund: !call.begun };
      onRecorded(call.unwritten);
      throw error;
    }
    open.delete(call.number);
    call.segment.openCalls -= 1;
    onRecorded(usage);
  }

  return {
    count: () => open.size,
    begin(intent, frame) {
      const segment = log.append(frame);
      const state = { segment, begun: false, over: false, unwritten: null };
      const call: OpenCall = { number: (last += 1), id: usageIdOf(intent), intent, ...state };
      segment.openCalls += 1;
      open.set(call.number, call);
      // A stream waits for its intent before its first byte: the disk writes while the provider thinks.
      const durable = intent.streamed ? log.flush() : null;
      durable?.catch(() => undefined);
      return {
        durable: () => durable ?? log.flush(),
        markBegun() {
          call.begun = true;
          log.append(encodeBegun(call.id));
        },
        finish: (usage) => finish(call, usage),
      };
    },
    moveFrom(oldest) {
      for (const call of open.values()) {
        if (call.segment !== oldest || call.over) continue;
        const segment = log.append(encodeIntent(call.intent));
        if (call.begun) log.append(encodeBegun(call.id));
        oldest.openCalls -= 1;
        segment.openCalls += 1;
        call.segment = segment;
      }
    },
    writeOwed() {
      for (const call of open.values()) {
        const usage = call.unwritten;
        if (usage === null) continue;
        call.unwritten = null;
        finish(call, usage).catch(() => undefined);
      }
    },
  };
}
