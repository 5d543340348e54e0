import { defineRoute } from "@topdog/http-kit/route";
import { findPayer } from "../usecases/find-payer.ts";
import { readSubscription } from "../usecases/read-subscription.ts";
import type { BillingDeps } from "./deps.ts";
import { payerErrors, payerQuery } from "./payer-query.ts";
import { subscriptionSchema, toApiSubscription } from "./subscription-schema.ts";

export const getSubscriptionRoute = ({ db }: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/billing/subscription",
    summary: "Read your own subscription, or that of an org that you pay for",
    tags: ["Billing"],
    auth: "account",
    query: payerQuery,
    responses: { 200: subscriptionSchema },
    errors: payerErrors,
    handler: async ({ caller, query }) => {
      const owner = await findPayer(db, caller, query.org);
      return { status: 200 as const, body: toApiSubscription(await readSubscription(db, owner)) };
    },
  });
