import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { readStats } from "../usecases/read-stats.ts";
import type { BillingDeps } from "./deps.ts";

const micro = z.int().describe("Millionths of a US dollar, without tax");
const movement = z.object({ count: z.int(), microUsd: micro });

const statsSchema = z.object({
  at: z.iso.datetime(),
  from: z.iso.datetime().describe("Movements and usage are counted from here to `at`"),
  mrrMicroUsd: micro,
  arrMicroUsd: micro,
  subscriptions: z.int(),
  trials: z.int(),
  pastDue: z.int(),
  seats: z.int(),
  byPlan: z.array(
    z.object({
      plan: z.string(),
      interval: z.string(),
      subscriptions: z.int(),
      seats: z.int(),
      mrrMicroUsd: micro,
    }),
  ),
  movements: z.object({
    new: movement,
    expansion: movement,
    contraction: movement,
    churn: movement,
    reactivation: movement,
  }),
  usage: z.array(
    z.object({
      plan: z.string(),
      calls: z.int(),
      costMicroUsd: micro,
      marginMicroUsd: micro.describe("Revenue of as many days, a month being 30, less what the calls cost"),
    }),
  ),
});

export const getStatsRoute = ({ db, nowMs }: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/billing/admin/stats",
    summary: "Revenue, its movements, and what usage costs, by plan",
    tags: ["Billing"],
    auth: "session",
    requires: ["operator"],
    query: z.object({ days: z.coerce.number().int().min(1).max(366).default(30) }),
    responses: { 200: statsSchema },
    errors: ["operator_required", "session_required"],
    handler: async ({ query }) => ({ status: 200 as const, body: await readStats(db, nowMs(), query.days) }),
  });
