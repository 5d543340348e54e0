import { AppError } from "@topdog/errors/app-error";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { z } from "zod";
import type { BillingDeps } from "./deps.ts";

const endpoints = [
  ["post", "checkout", "sibling", "Start a checkout"],
  ["post", "portal", "sibling", "Open the customer portal"],
  ["post", "change-plan", "sibling", "Change the plan, its interval or its seats"],
  ["post", "cancel", "sibling", "Cancel at the end of the period"],
  ["post", "resume", "sibling", "Take back a cancellation"],
  ["get", "invoices", "sibling", "List invoices"],
  ["post", "webhook", "none", "Stripe's notifications"],
] as const;

/**
 * The endpoints that need Stripe. Their addresses, authentication and refusal are real; what they do with Stripe is not
 * built yet, and the refusal says so.
 */
export const needsStripeRoutes = ({ stripeKeySet }: BillingDeps): Route[] =>
  endpoints.map(([method, name, auth, summary]) =>
    defineRoute({
      method,
      path: `/api/billing/${name}`,
      summary: `${summary} (needs Stripe; answers 503 until it is connected)`,
      tags: ["Billing"],
      auth,
      responses: { 204: z.undefined() },
      errors: ["billing_not_configured"],
      handler: async () => {
        throw new AppError("billing_not_configured", {
          detail: stripeKeySet
            ? "A Stripe key is set, but this version does not use Stripe yet."
            : "Billing is not configured: no Stripe key is set.",
        });
      },
    }),
  );
