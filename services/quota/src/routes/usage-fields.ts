import { chargeSourceSchema, planMeterSchema, utcDaySchema } from "@topdog/contracts/quota";
import { idSchema, lineSchema } from "@topdog/contracts/text";
import { z } from "zod";
import { toUsdText } from "../domain/money.ts";
import { type UsageAmounts, usageDimensions, usageGrains } from "../domain/usage-query.ts";
import { orgIdField } from "./place-fields.ts";

const maxFilterLength = 200;

export const usageAmounts = {
  calls: z.int().meta({ description: "Charged API calls; refunded ones are not in it" }),
  llmRequests: z.int().meta({ description: "Charged calls that a provider answered, whole or in part" }),
  refundedCalls: z.int(),
  promptTokens: z.int(),
  completionTokens: z.int(),
  costNanoUsd: z.int().meta({ description: "Cost in 1e-9 US dollars" }),
  costUsd: z.string().meta({ description: "The same cost as a decimal number of US dollars" }),
};

export const scopeField = z
  .enum(["own", "org"])
  .default("own")
  .meta({ description: "`org`: the whole org, for its owner, its admins and who pays for it" });

const filterText = lineSchema(maxFilterLength);
const dimensionList = z
  .string()
  .max(100)
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(usageDimensions)))
  .transform((given) => [...new Set(given)]);

/** Of the history, page by page or as CSV. */
export const historyFields = {
  interval: z.enum(usageGrains).default("day"),
  from: utcDaySchema.optional(),
  to: utcDaySchema.optional().describe("Counted too; default: `from`, or today"),
  groupBy: dimensionList.default([]).meta({
    description: `What to split by, separated by commas: ${usageDimensions.join(", ")}`,
    override: { type: "string" },
  }),
  scope: scopeField,
  orgId: orgIdField,
  keyId: idSchema.optional().describe("Only calls of this key"),
  userId: idSchema.optional().describe("Only calls of this member; others than yourself with the scope `org`"),
  source: chargeSourceSchema.optional(),
  model: filterText.optional(),
  provider: filterText.optional(),
};

export const historyLineSchema = z.object({
  at: z.string().describe("The day, or the beginning of the hour in UTC"),
  meter: planMeterSchema.optional(),
  charged: z.int().optional().describe("With `meter`: its tokens, refunds taken off"),
  source: chargeSourceSchema.optional(),
  keyId: z.string().optional(),
  userId: z.string().optional(),
  model: z.string().nullable().optional(),
  provider: z.string().nullable().optional(),
  ...usageAmounts,
  llmRequestsCharged: z
    .int()
    .describe("Of the LLM requests, those charged to the caller's own limit: the org's pool has none"),
  unpricedCalls: z.int().describe("Calls whose cost is not known: they add nothing to it"),
});

export const withUsd = <T extends Pick<UsageAmounts, "costNanoUsd">>(line: T) => ({
  ...line,
  costUsd: toUsdText(line.costNanoUsd),
});
