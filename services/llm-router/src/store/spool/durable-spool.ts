import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { interruptedUsage, type UsageSpool } from "../../domain/usage-spool.ts";
import { createOpenCalls, type OpenCalls } from "./open-calls.ts";
import { lockFolder } from "./owner-lock.ts";
import { encodeFinal, encodeIntent } from "./record.ts";
import { openPrivateFolder } from "./private-folder.ts";
import { recoverSegments, type Recovered } from "./recover.ts";
import { isShipped } from "./segment.ts";
import { createShipper, type ShipperDeps } from "./shipper.ts";
import { quarantine } from "./quarantine.ts";
import { openShippedSegments } from "./shipped-segments.ts";
import { openSpoolLog, type SpoolLog } from "./spool-log.ts";

export interface DurableSpoolDeps extends Pick<
  ShipperDeps,
  "publish" | "maxBatchBytes" | "isHopeless" | "gatherMs" | "onShipped"
> {
  readonly folder: string;
  /** Of all segments together, room kept for the finals of open calls included. */
  readonly maxBytes: number;
  readonly segmentBytes: number;
  /** How long and how much of what the bus has acknowledged stays on disk. */
  readonly keepShippedMs: number;
  readonly keepShippedBytes: number;
  readonly nowMs: () => number;
  /** A record cannot be published; it is in the quarantine. */
  readonly onQuarantined: (id: string, error: unknown) => void;
  /** A call is over, once for each. */
  readonly onRecorded: (usage: UsageConsumed) => void;
  readonly onSync: (durationMs: number) => void;
  readonly onFailure: (error: unknown) => void;
}

export interface SpoolStats {
  readonly bytes: number;
  readonly segments: number;
  readonly openCalls: number;
  readonly healthy: boolean;
}

export interface DurableSpool extends UsageSpool {
  /** What was found at the start. */
  readonly recovered: { readonly interruptedCalls: number; readonly tornBytes: number };
  stats(): SpoolStats;
  /** Ships for at most `graceMs`, then closes the files and releases the folder. */
  stop(graceMs: number): Promise<void>;
}

/** Kept free for each open call's final. */
const finalReserveBytes = 2048;
const repairIntervalMs = 1000;
/** Above this share of the bound, long calls are moved to the newest segment so that the old ones can go. */
const moveAboveShare = 0.5;

async function settleInterrupted(log: SpoolLog, recovered: Recovered, nowMs: number): Promise<void> {
  const finishedAt = new Date(nowMs).toISOString();
  for (const { intent, begun } of recovered.open.values()) {
    log.append(encodeFinal(interruptedUsage(intent, begun, finishedAt)));
  }
  await log.flush();
}

/** Deletes what is shipped. The log reports a failing disk; the next call tries again. */
async function trimSpool(log: SpoolLog, calls: OpenCalls, maxBytes: number): Promise<void> {
  try {
    log.trim();
    while (log.bytes() >= maxBytes * moveAboveShare) {
      const [oldest] = log.segments;
      if (oldest === undefined || !isShipped(oldest)) return;
      calls.moveFrom(oldest);
      await log.flush();
      log.trim();
      if (log.segments[0] === oldest) return;
    }
  } catch {
    // Reported by the log.
  }
}

/**
 * Takes over the folder (rejects when a live process owns it), settles the calls that the last process did not finish,
 * and ships everything that is not known to be acknowledged.
 */
export async function openDurableSpool(deps: DurableSpoolDeps): Promise<DurableSpool> {
  const { folder, maxBytes } = deps;
  openPrivateFolder(folder);
  const lock = await lockFolder(folder);
  const recovered = await recoverSegments(folder);
  const { keepShippedMs: keepMs, keepShippedBytes: keepBytes, nowMs } = deps;
  const shipped = openShippedSegments({ spoolFolder: folder, nowMs, keepMs, keepBytes });
  shipped.forget();
  let noticeShipper = (): void => undefined;
  let repairTimer: NodeJS.Timeout | undefined;
  const log = openSpoolLog({
    ...deps,
    recovered: recovered.segments,
    shipped,
    nextIndex: recovered.nextIndex,
    onSync(durationMs) {
      deps.onSync(durationMs);
      noticeShipper();
    },
    onFailure(error) {
      deps.onFailure(error);
      repairTimer ??= setInterval(repair, repairIntervalMs).unref();
    },
  });
  const calls = createOpenCalls(log, deps.onRecorded);

  function repair(): void {
    if (!log.isHealthy() && !log.repair()) return;
    clearInterval(repairTimer);
    repairTimer = undefined;
    calls.writeOwed();
    void trimSpool(log, calls, maxBytes);
  }

  await settleInterrupted(log, recovered, deps.nowMs());
  const shipper = createShipper({
    ...deps,
    segments: log.segments,
    onUnfit(id, record, error) {
      quarantine(folder, id, record, error);
      deps.onQuarantined(id, error);
    },
    onProgress: () => void trimSpool(log, calls, maxBytes),
  });
  noticeShipper = shipper.notice;
  shipper.start();

  const hasRoom = (bytes: number): boolean =>
    log.isHealthy() && log.bytes() + bytes + (calls.count() + 1) * finalReserveBytes <= maxBytes;

  return {
    recovered: { interruptedCalls: recovered.open.size, tornBytes: recovered.tornBytes },
    begin(intent) {
      const frame = encodeIntent(intent);
      if (!hasRoom(frame.length)) return null;
      try {
        return calls.begin(intent, frame);
      } catch {
        return null;
      }
    },
    async record(usage: UsageConsumed) {
      const frame = encodeFinal(usage);
      if (!hasRoom(frame.length)) return false;
      try {
        log.append(frame);
        await log.flush();
        deps.onRecorded(usage);
        return true;
      } catch {
        return false;
      }
    },
    stats: () => ({
      bytes: log.bytes(),
      segments: log.segments.length,
      openCalls: calls.count(),
      healthy: log.isHealthy(),
    }),
    async stop(graceMs) {
      clearInterval(repairTimer);
      await log.flush().catch(() => undefined);
      await shipper.stop(graceMs);
      log.seal();
      log.trim();
      log.close();
      await lock.release();
    },
  };
}
