import { planIdSchema, plans } from "@topdog/contracts/plans";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { findPayer } from "../usecases/find-payer.ts";
import { judgeTarget } from "../usecases/judge-target.ts";
import { startCheckout } from "../usecases/start-checkout.ts";
import { purchaseOf } from "../usecases/purchase-of.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";
import { moneyErrors, payerQuery } from "./payer-query.ts";

export const postCheckoutRoute = (deps: BillingDeps) =>
  defineRoute({
    method: "post",
    path: "/api/billing/checkout",
    summary: "Buy a plan: opens a checkout, or gives the open one for the same purchase",
    tags: ["Billing"],
    auth: "session",
    requires: ["recent authentication"],
    query: payerQuery,
    body: z
      .object({
        plan: planIdSchema.optional(),
        interval: z.enum(["month", "year"]).optional().describe("By the month when left out"),
        priceId: z.string().max(100).optional().describe("Names plan and interval by Stripe's price, in their place"),
        seats: z.int().min(1).max(999_999).optional().describe("The plan's minimum when left out"),
      })
      .refine(({ plan, priceId }) => (plan === undefined) !== (priceId === undefined), "needs either plan or priceId"),
    responses: { 200: z.object({ url: z.string(), sessionId: z.string(), expiresAt: z.iso.datetime() }) },
    errors: [...moneyErrors, "plan_not_for_sale"],
    handler: async ({ caller, query, body }) => {
      const { operations, portalWatch } = paymentsOf(deps);
      const owner = await findPayer(deps.db, caller, query.org);
      const { plan, interval } = purchaseOf(operations.prices, body);
      const target = { plan, interval, seats: body.seats ?? plans[plan].minimumSeats };
      judgeTarget(deps.regulatedLineup, owner, target);
      await portalWatch.assertRight();
      const { url = "", sessionId = "", expiresAt = "" } = await startCheckout(operations, owner, target);
      return { status: 200 as const, body: { url, sessionId, expiresAt } };
    },
  });
