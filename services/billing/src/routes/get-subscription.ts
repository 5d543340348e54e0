import { plans } from "@topdog/contracts/plans";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { readSubscription } from "../usecases/read-subscription.ts";
import type { BillingDeps } from "./deps.ts";
import { subscriptionSchema } from "./schemas.ts";

export const getSubscriptionRoute = ({ db }: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/billing/subscription",
    summary: "Your own subscription, or that of an org you own",
    tags: ["Billing"],
    auth: "account",
    query: z.object({
      org: z
        .string()
        .regex(/^[\w-]{1,64}$/)
        .optional()
        .describe("The org to read instead; its owner only"),
    }),
    responses: { 200: subscriptionSchema },
    errors: ["owner_only", "not_found"],
    handler: async ({ caller, query }) => {
      const view = await readSubscription(db, caller.principal, query.org);
      return { status: 200 as const, body: { ...view, planName: plans[view.plan].name } };
    },
  });
