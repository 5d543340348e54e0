import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Database } from "@topdog/postgres/pool";
import type { QuotaLogger } from "../logger.ts";
import type { QuotaMetrics } from "../metrics.ts";
import type { Presence } from "./gateway-presence.ts";

export interface QuotaDeps {
  readonly db: Database;
  readonly presence: Presence;
  readonly metrics: QuotaMetrics;
  readonly logger: QuotaLogger;
  /** Tells gateways to give tokens back, or to forget what they believe of a bucket. May be lost. */
  readonly recall: (signal: QuotaRecalled) => void;
  /** An event was committed to the outbox. */
  readonly nudgeRelay: () => void;
}
