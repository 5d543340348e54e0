import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import { createStripeCaller } from "../clients/stripe/stripe-caller.ts";
import type { PriceMap } from "../domain/price-map.ts";
import type { BillingMetrics } from "../metrics.ts";
import type { CheckoutRules } from "./operations/operation-deps.ts";
import type { StartCheckoutDeps } from "./start-checkout.ts";

export interface PaymentSettings {
  readonly secretKey: string;
  readonly apiUrl: string;
  readonly prices: PriceMap;
  readonly graceMs: number;
  readonly trialDays: number;
  readonly checkout: CheckoutRules;
}

export interface PaymentsOptions {
  readonly settings: PaymentSettings;
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: BillingMetrics;
  readonly nowMs: () => number;
}

/** What speaks to Stripe. Its `stripe` is to be closed. */
export function openPayments({ settings, ...deps }: PaymentsOptions): StartCheckoutDeps {
  const { secretKey, apiUrl, ...rest } = settings;
  const { metrics } = deps;
  const onCall = (outcome: "ok" | "refused" | "failed", seconds: number): void => {
    metrics.stripeCalls.inc({ outcome });
    metrics.stripeSeconds.observe(seconds);
  };
  return { ...deps, ...rest, stripe: createStripeCaller({ secretKey, apiUrl, onCall }) };
}
