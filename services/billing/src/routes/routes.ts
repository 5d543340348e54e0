import type { Route } from "@topdog/http-kit/route";
import { changePlanRoutes } from "./change-plan-routes.ts";
import type { BillingDeps } from "./deps.ts";
import { endRoutes } from "./end-routes.ts";
import { getInvoicesRoute } from "./get-invoices.ts";
import { getSubscriptionRoute } from "./get-subscription.ts";
import { getStatsRoute } from "./get-stats.ts";
import { getTiersRoute } from "./get-tiers.ts";
import { postCheckoutRoute } from "./post-checkout.ts";
import { postPortalRoute } from "./post-portal.ts";
import { stripeWebhookRoute } from "./stripe-webhook.ts";

/** The account API of this service: what is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: BillingDeps): Route[] => [
  getTiersRoute(deps),
  getSubscriptionRoute(deps),
  postCheckoutRoute(deps),
  postPortalRoute(deps),
  ...changePlanRoutes(deps),
  ...endRoutes(deps),
  getInvoicesRoute(deps),
  stripeWebhookRoute(deps),
  getStatsRoute(deps),
];
