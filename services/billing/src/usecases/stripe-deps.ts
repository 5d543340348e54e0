import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { StripeCaller } from "../clients/stripe/stripe-caller.ts";
import type { PriceMap } from "../domain/price-map.ts";
import type { BillingMetrics } from "../metrics.ts";

/** What every use case that speaks to Stripe is given. */
export interface StripeDeps {
  readonly db: Database;
  readonly stripe: StripeCaller;
  readonly prices: PriceMap;
  readonly graceMs: number;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly metrics: BillingMetrics;
}
