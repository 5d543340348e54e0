import { rawBody } from "@topdog/http-kit/raw-body";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { BillingDeps } from "./deps.ts";
import { stripeUnused } from "./needs-stripe.ts";

/** Stripe's events are a few kilobytes; the largest that it documents are below this. */
const maxEventBytes = 256 * 1024;

/** Stripe signs the bytes of an event: they are taken as they come. */
export const stripeWebhookRoute = (deps: BillingDeps) =>
  defineRoute({
    method: "post",
    path: "/api/billing/webhook",
    summary: "Stripe's notifications (needs Stripe; answers 503 until it is connected)",
    tags: ["Billing"],
    auth: "none",
    body: rawBody("application/json", maxEventBytes),
    responses: { 204: z.undefined() },
    errors: ["billing_not_configured"],
    handler: async () => {
      throw stripeUnused(deps);
    },
  });
