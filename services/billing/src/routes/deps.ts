import type { Database } from "@topdog/postgres/pool";

export interface BillingDeps {
  readonly db: Database;
  readonly regulatedLineup: boolean;
  /** Whether a Stripe key is set. Nothing speaks to Stripe yet: it changes only what a refusal says. */
  readonly stripeKeySet: boolean;
}
