import { chargeSourceSchema, utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { toUsdText } from "../domain/money.ts";
import type { UsageLine } from "../store/usage-report.ts";
import { reachPlace } from "../usecases/reach-place.ts";
import { readUsage } from "../usecases/read-usage.ts";
import type { RouteDeps } from "./deps.ts";
import { orgIdField } from "./place-fields.ts";

const amounts = {
  calls: z.int().meta({ description: "Charged API calls; refunded ones are not in it" }),
  llmRequests: z.int().meta({ description: "Charged calls that a provider answered, whole or in part" }),
  refundedCalls: z.int(),
  promptTokens: z.int(),
  completionTokens: z.int(),
  costNanoUsd: z.int().meta({ description: "Cost in 1e-9 US dollars" }),
  costUsd: z.string().meta({ description: "The same cost as a decimal number of US dollars" }),
};

const usageSchema = z
  .object({
    from: utcDaySchema,
    to: utcDaySchema,
    total: z.object(amounts),
    rows: z.array(
      z.object({ day: utcDaySchema, source: chargeSourceSchema, model: z.string().nullable(), ...amounts }),
    ),
  })
  .meta({ id: "Usage", description: "Calls that are over, by day, source and model" });

const emptyTotal = { calls: 0, llmRequests: 0, refundedCalls: 0, promptTokens: 0, completionTokens: 0, costNanoUsd: 0 };

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
      scope: z
        .enum(["own", "org"])
        .default("own")
        .meta({ description: "`org`: the whole org, for its owner, its admins and who pays for it" }),
      orgId: orgIdField,
    }),
    responses: { 200: usageSchema },
    errors: ["forbidden", "not_found"],
    handler: async ({ caller, query }) => {
      const { from, to, lines } = await readUsage(db, await reachPlace(findStanding, caller, query.orgId), query);
      const total = lines.reduce(add, emptyTotal);
      return { status: 200 as const, body: { from, to, total: withText(total), rows: lines.map(withText) } };
    },
  });

const withText = <T extends { costNanoUsd: number }>(line: T) => ({ ...line, costUsd: toUsdText(line.costNanoUsd) });

function add(total: typeof emptyTotal, line: UsageLine): typeof emptyTotal {
  return {
    calls: total.calls + line.calls,
    llmRequests: total.llmRequests + line.llmRequests,
    refundedCalls: total.refundedCalls + line.refundedCalls,
    promptTokens: total.promptTokens + line.promptTokens,
    completionTokens: total.completionTokens + line.completionTokens,
    costNanoUsd: total.costNanoUsd + line.costNanoUsd,
  };
}
