import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { PortalWatch } from "../usecases/watch-portal.ts";
import type { StartCheckoutDeps } from "../usecases/start-checkout.ts";
import type { ReceiveWebhookDeps } from "../usecases/receive-webhook.ts";

export interface BillingDeps {
  readonly db: Database;
  readonly regulatedLineup: boolean;
  readonly nowMs: () => number;
  readonly webhookBodyTimeoutMs: number;
  /** Null without a Stripe key. */
  readonly payments: Payments | null;
}

export interface Payments {
  readonly operations: StartCheckoutDeps;
  readonly portal: { readonly returnUrl: string; readonly configurationId: string | undefined };
  readonly portalWatch: PortalWatch;
  /** Null without a webhook secret: then the sweep alone tells what happened. */
  readonly webhook: ReceiveWebhookDeps | null;
}

export function paymentsOf({ payments }: BillingDeps): Payments {
  if (payments === null)
    throw new AppError("billing_not_configured", { detail: "Billing is not configured: no Stripe key is set." });
  return payments;
}
