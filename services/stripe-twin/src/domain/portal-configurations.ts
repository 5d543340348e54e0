import { plans } from "@topdog/contracts/plans";
import { billingIntervals, paidPlanIds, twinPriceId } from "@topdog/contracts/stripe-prices";
import { productIdOf } from "./catalogue.ts";
import type { Tx } from "./state.ts";
import type { PortalConfiguration } from "./types.ts";

type Features = PortalConfiguration["features"];
export type PortalProduct = NonNullable<Features["subscription_update"]["products"]>[number];

export const standardConfigurationId = "bpc_twin_standard";

export interface ConfigurationFields {
  readonly defaultReturnUrl: string | null;
  readonly metadata: Record<string, string>;
  readonly cancel: { readonly enabled: boolean; readonly mode: "at_period_end" | "immediately" };
  readonly update: {
    readonly enabled: boolean;
    readonly prorationBehavior: "always_invoice" | "create_prorations" | "none";
    readonly products: readonly PortalProduct[];
    readonly conditions: readonly ("decreasing_item_amount" | "shortening_interval")[];
  };
  readonly paymentMethods: boolean;
  readonly invoices: boolean;
}

const seatsMax = 100_000;

/** What our own portal must allow and no more: seats are paid at once, and never fall below a plan's minimum. */
const standardFields = (): ConfigurationFields => ({
  defaultReturnUrl: null,
  metadata: {},
  cancel: { enabled: true, mode: "at_period_end" },
  update: {
    enabled: true,
    prorationBehavior: "always_invoice",
    products: paidPlanIds.map((plan) => ({
      product: productIdOf(plan),
      prices: billingIntervals.map((interval) => twinPriceId(plan, interval)),
      adjustable_quantity: {
        enabled: plans[plan].perSeat,
        minimum: plans[plan].minimumSeats,
        maximum: plans[plan].perSeat ? seatsMax : 1,
      },
    })),
    conditions: ["decreasing_item_amount", "shortening_interval"],
  },
  paymentMethods: true,
  invoices: true,
});

function featuresOf({ cancel, update, paymentMethods, invoices }: ConfigurationFields): Features {
  return {
    customer_update: { allowed_updates: [], enabled: false },
    invoice_history: { enabled: invoices },
    payment_method_update: { enabled: paymentMethods, payment_method_configuration: null },
    subscription_cancel: {
      cancellation_reason: { enabled: false, feedback_options: null, options: [] },
      enabled: cancel.enabled,
      mode: cancel.mode,
      proration_behavior: "none",
    },
    subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
    subscription_update: {
      billing_cycle_anchor: null,
      default_allowed_updates: ["price", "quantity"],
      enabled: update.enabled,
      products: [...update.products],
      proration_behavior: update.prorationBehavior,
      schedule_at_period_end: { conditions: update.conditions.map((type) => ({ type })) },
      trial_update_behavior: "continue_trial",
    },
  };
}

export function addConfiguration(
  tx: Tx,
  id: string,
  fields: ConfigurationFields,
  isDefault = false,
): PortalConfiguration {
  const configuration: PortalConfiguration = {
    id,
    object: "billing_portal.configuration",
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: tx.nowSeconds,
    default_return_url: fields.defaultReturnUrl,
    features: featuresOf(fields),
    is_default: isDefault,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: fields.metadata,
    name: null,
    updated: tx.nowSeconds,
  };
  tx.put("billing_portal.configuration", configuration);
  tx.emit("billing_portal.configuration.created", configuration);
  return configuration;
}

export function addStandardConfiguration(tx: Tx): void {
  if (tx.find("billing_portal.configuration", standardConfigurationId) === undefined)
    addConfiguration(tx, standardConfigurationId, standardFields(), true);
}
