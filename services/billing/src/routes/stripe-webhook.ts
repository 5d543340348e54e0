import { AppError } from "@topdog/errors/app-error";
import { rawBody } from "@topdog/http-kit/raw-body";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { receiveWebhook } from "../usecases/receive-webhook.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";

/** Stripe's events are a few kilobytes; the largest that it documents are below this. */
const maxEventBytes = 1024 * 1024;
/** Each takes its body, one signature and one row: more than these at once are not Stripe's usual traffic. */
const maxAtOnce = 32;
const retryAfterSeconds = 2;

/** Stripe signs the bytes of an event: they are taken as they come. */
export function stripeWebhookRoute(deps: BillingDeps) {
  let atOnce = 0;
  return defineRoute({
    method: "post",
    path: "/api/billing/webhook",
    summary: "Stripe's notifications: stored, answered, and worked on after that",
    tags: ["Billing"],
    auth: "none",
    body: rawBody("application/json", maxEventBytes, deps.webhookBodyTimeoutMs),
    responses: { 200: z.object({ received: z.literal(true), duplicate: z.boolean() }) },
    errors: ["billing_not_configured", "overloaded"],
    handler: async ({ body, req }) => {
      const { webhook } = paymentsOf(deps);
      if (webhook === null) throw new AppError("billing_not_configured", { detail: "Billing has no webhook secret." });
      if (atOnce >= maxAtOnce) {
        webhook.metrics.webhooks.inc({ outcome: "overloaded" });
        throw new AppError("overloaded", { retryAfterSeconds });
      }
      atOnce += 1;
      try {
        const outcome = await receiveWebhook(webhook, body, req.get("stripe-signature"));
        return { status: 200 as const, body: { received: true as const, duplicate: outcome === "duplicate" } };
      } finally {
        atOnce -= 1;
      }
    },
  });
}
