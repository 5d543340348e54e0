import { AppError } from "@topdog/errors/app-error";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { z } from "zod";
import type { BillingDeps } from "./deps.ts";

const endpoints = [
  ["post", "checkout", "Start a checkout"],
  ["post", "portal", "Open the customer portal"],
  ["post", "change-plan", "Change the plan, its interval or its seats"],
  ["post", "cancel", "Cancel at the end of the period"],
  ["post", "resume", "Take back a cancellation"],
  ["get", "invoices", "List invoices"],
] as const;

export const stripeUnused = ({ stripeKeySet }: BillingDeps): AppError =>
  new AppError("billing_not_configured", {
    detail: stripeKeySet
      ? "A Stripe key is set, but this version does not use Stripe yet."
      : "Billing is not configured: no Stripe key is set.",
  });

/**
 * The endpoints that need Stripe. Their addresses, authentication and refusal are final; their work with Stripe is not
 * built yet, and the refusal says so.
 */
export const needsStripeRoutes = (deps: BillingDeps): Route[] =>
  endpoints.map(([method, name, summary]) =>
    defineRoute({
      method,
      path: `/api/billing/${name}`,
      summary: `${summary} (needs Stripe; answers 503 until it is connected)`,
      tags: ["Billing"],
      auth: "account",
      responses: { 204: z.undefined() },
      errors: ["billing_not_configured"],
      handler: async () => {
        throw stripeUnused(deps);
      },
    }),
  );
