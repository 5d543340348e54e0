import { chargeSourceSchema, utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { UsageLine } from "../domain/usage-query.ts";
import { reachPlace } from "../usecases/reach-place.ts";
import { readUsage } from "../usecases/read-usage.ts";
import type { RouteDeps } from "./deps.ts";
import { orgIdField } from "./place-fields.ts";
import { scopeField, usageAmounts, withUsd } from "./usage-fields.ts";

const usageSchema = z
  .object({
    from: utcDaySchema,
    to: utcDaySchema,
    total: z.object(usageAmounts),
    rows: z.array(
      z.object({ day: utcDaySchema, source: chargeSourceSchema, model: z.string().nullable(), ...usageAmounts }),
    ),
  })
  .meta({ id: "Usage", description: "Calls that are over, by day, source and model" });

const emptyTotal = { calls: 0, llmRequests: 0, refundedCalls: 0, promptTokens: 0, completionTokens: 0, costNanoUsd: 0 };
type Amounts = typeof emptyTotal;

export const getUsageRoute = ({ db, findStanding }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/usage",
    summary: "Read what you used, by day, source and model",
    description:
      "Your own calls in the account or org that the key belongs to, with a session those of your personal keys, or with `orgId` those in that org, for at most 31 days; today when no day is given.",
    tags: ["Usage"],
    auth: "account",
    query: z.object({
      from: utcDaySchema.optional(),
      to: utcDaySchema.optional(),
      scope: scopeField,
      orgId: orgIdField,
    }),
    responses: { 200: usageSchema },
    errors: ["forbidden", "not_found"],
    handler: async ({ caller, query }) => {
      const place = await reachPlace(findStanding, caller, query.orgId);
      const { from, to, lines } = await readUsage(db, place, query);
      const total = lines.reduce(add, emptyTotal);
      return { status: 200 as const, body: { from, to, total: withUsd(total), rows: lines.map(toApiRow) } };
    },
  });

const amountsOf = (line: Amounts): Amounts => ({
  calls: line.calls,
  llmRequests: line.llmRequests,
  refundedCalls: line.refundedCalls,
  promptTokens: line.promptTokens,
  completionTokens: line.completionTokens,
  costNanoUsd: line.costNanoUsd,
});

const toApiRow = (line: UsageLine) => ({
  day: line.at,
  source: line.source ?? "personal",
  model: line.model ?? null,
  ...withUsd(amountsOf(line)),
});

const add = (total: Amounts, line: UsageLine): Amounts => ({
  calls: total.calls + line.calls,
  llmRequests: total.llmRequests + line.llmRequests,
  refundedCalls: total.refundedCalls + line.refundedCalls,
  promptTokens: total.promptTokens + line.promptTokens,
  completionTokens: total.completionTokens + line.completionTokens,
  costNanoUsd: total.costNanoUsd + line.costNanoUsd,
});
