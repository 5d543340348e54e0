import { type QuotaRecalled, quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Bus } from "@topdog/messaging/connect";
import { sendSignal } from "@topdog/messaging/signal";
import type { QuotaMetrics } from "../metrics.ts";

/** One recall reaches every holder: another one within this time would only repeat it. */
const tailIntervalMs = 20;
const rememberedBuckets = 10_000;

/** `nowMs` is a monotonic clock. */
export function createRecaller(bus: Bus, metrics: QuotaMetrics, nowMs: () => number): (signal: QuotaRecalled) => void {
  const lastTailMs = new Map<string, number>();
  const isRepeated = ({ owner, meter }: QuotaRecalled): boolean => {
    const key = `${owner} ${meter}`;
    const now = nowMs();
    if (now - (lastTailMs.get(key) ?? Number.NEGATIVE_INFINITY) < tailIntervalMs) return true;
    if (lastTailMs.size >= rememberedBuckets) lastTailMs.clear();
    lastTailMs.set(key, now);
    return false;
  };
  return (signal) => {
    if (signal.reason === "tail" && isRepeated(signal)) return;
    sendSignal(bus, quotaRecalled, signal);
    metrics.recalls.inc({ reason: signal.reason });
  };
}
