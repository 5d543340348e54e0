import type { Route } from "@topdog/http-kit/route";
import type { BillingDeps } from "./deps.ts";
import { getSubscriptionRoute } from "./get-subscription.ts";
import { getTiersRoute } from "./get-tiers.ts";
import { needsStripeRoutes } from "./needs-stripe.ts";
import { stripeWebhookRoute } from "./stripe-webhook.ts";

/** The account API of this service: what is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: BillingDeps): Route[] => [
  getTiersRoute(deps),
  getSubscriptionRoute(deps),
  ...needsStripeRoutes(deps),
  stripeWebhookRoute(deps),
];
