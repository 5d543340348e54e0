import { utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { readDailyUsage } from "../usecases/read-daily-usage.ts";
import { callerOf, orgParams } from "./schemas.ts";

const dailyUsageSchema = z.object({
  from: utcDaySchema,
  to: utcDaySchema,
  items: z.array(
    z.object({
      day: utcDaySchema,
      calls: z.int().describe("Charged API calls; refunded ones are not in it"),
      llmRequests: z.int(),
      refundedCalls: z.int(),
      promptTokens: z.int(),
      completionTokens: z.int(),
      costNanoUsd: z.int().describe("Cost in 1e-9 US dollars"),
      callers: z.int().describe("Members who called that day"),
    }),
  ),
});

export const readDailyUsageRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs/:orgId/usage/daily",
    summary: "Read what an org that you run or pay for used on each day",
    description: "Days without calls are left out. At most 92 days; the last 30 when none is given.",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    query: z.object({ from: utcDaySchema.optional(), to: utcDaySchema.optional() }),
    responses: { 200: dailyUsageSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, params, query }) => {
      const { from, to, days } = await readDailyUsage(deps, callerOf(caller), params.orgId, query);
      return { status: 200 as const, body: { from, to, items: days } };
    },
  });
