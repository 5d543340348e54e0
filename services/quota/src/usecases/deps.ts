import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Logger } from "@topdog/telemetry/logger";
import type { UsageNews } from "../domain/usage-news.ts";
import type { QuotaMetrics } from "../metrics.ts";
import type { QuotaStore } from "../store/quota-store.ts";
import type { Presence } from "./gateway-presence.ts";

export interface QuotaDeps {
  readonly store: QuotaStore;
  readonly presence: Presence;
  readonly metrics: QuotaMetrics;
  readonly logger: Logger;
  /** Tells gateways to give tokens back, or to forget what they believe of a bucket. May be lost. */
  readonly recall: (signal: QuotaRecalled) => void;
  readonly usageNews: UsageNews;
}
