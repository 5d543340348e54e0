import { planIdSchema } from "@topdog/contracts/plans";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { z } from "zod";
import { changePlan, previewPlanChange } from "../usecases/change-plan.ts";
import { findPayer } from "../usecases/find-payer.ts";
import { judgeTarget } from "../usecases/judge-target.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";
import { moneyErrors, payerQuery } from "./payer-query.ts";

const interval = z.enum(["month", "year"]);
const seats = z.int().min(1).max(999_999);
const wanted = {
  plan: planIdSchema.optional(),
  interval: interval.optional(),
  seats: seats.optional(),
};
const prorationDate = z.int().min(0).describe("Unix seconds: the moment that a preview was computed for");

const changeSchema = z.object({
  outcome: z.enum(["unchanged", "changed", "payment_required", "scheduled"]),
  paymentUrl: z.string().nullable().describe("Where the change is to be paid or confirmed before it counts"),
  effectiveAt: z.iso.datetime().nullable(),
});

const previewSchema = z.object({
  timing: z.enum(["same", "now", "period_end"]),
  target: z.object({ plan: planIdSchema, interval, seats: z.int() }),
  effectiveAt: z.iso.datetime().nullable(),
  now: z
    .object({
      currency: z.string(),
      dueCents: z.int(),
      taxCents: z.int(),
      lines: z.array(z.object({ description: z.string(), amountCents: z.int() })),
      prorationDate,
    })
    .nullable()
    .describe("What is paid at once; null when nothing is"),
});

const common = { method: "post", tags: ["Billing"], auth: "session", query: payerQuery } as const;
const errors = [...moneyErrors, "no_subscription", "plan_not_for_sale", "payment_failed"] as const;

const depsOf = (deps: BillingDeps) => ({
  ...paymentsOf(deps).operations,
  judgeTarget: judgeTarget.bind(null, deps.regulatedLineup),
});

export const changePlanRoutes = (deps: BillingDeps): Route[] => [
  defineRoute({
    ...common,
    path: "/api/billing/change-plan/preview",
    summary: "What a change of plan, interval or seats would cost, and when it would come",
    body: z.object(wanted),
    responses: { 200: previewSchema },
    errors,
    handler: async ({ caller, query, body }) => {
      const owner = await findPayer(deps.db, caller, query.org);
      return { status: 200 as const, body: await previewPlanChange(depsOf(deps), owner, body) };
    },
  }),
  defineRoute({
    ...common,
    path: "/api/billing/change-plan",
    requires: ["recent authentication"],
    summary: "Change plan, interval or seats: more at once and paid first, less when the period ends",
    body: z.object({ ...wanted, prorationDate: prorationDate.optional() }),
    responses: { 200: changeSchema },
    errors,
    handler: async ({ caller, query, body }) => {
      const owner = await findPayer(deps.db, caller, query.org);
      return { status: 200 as const, body: await changePlan(depsOf(deps), owner, body) };
    },
  }),
  defineRoute({
    ...common,
    path: "/api/billing/seats",
    requires: ["recent authentication"],
    summary: "Change how many seats are paid for: more at once and paid first, fewer when the period ends",
    body: z.object({ seats, prorationDate: prorationDate.optional() }),
    responses: { 200: changeSchema },
    errors,
    handler: async ({ caller, query, body }) => {
      const owner = await findPayer(deps.db, caller, query.org);
      return { status: 200 as const, body: await changePlan(depsOf(deps), owner, body) };
    },
  }),
];
