import { tenantOf } from "@topdog/contracts/account-call";
import { idSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { readSubscription } from "../usecases/read-subscription.ts";
import type { BillingDeps } from "./deps.ts";
import { subscriptionSchema, toApiSubscription } from "./schemas.ts";

export const getSubscriptionRoute = ({ db }: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/billing/subscription",
    summary: "Read your own subscription, or that of an org that you own",
    tags: ["Billing"],
    auth: "account",
    query: z.object({
      org: idSchema
        .optional()
        .describe("The org to read, for its owner only; default: the calling key's org, if it has one"),
    }),
    responses: { 200: subscriptionSchema },
    errors: ["owner_only", "not_found"],
    handler: async ({ caller, query }) => {
      return { status: 200 as const, body: toApiSubscription(await readSubscription(db, tenantOf(caller), query.org)) };
    },
  });
