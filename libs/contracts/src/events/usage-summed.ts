import { z } from "zod";
import { defineEvent } from "../event.ts";
import { utcDaySchema } from "../quota.ts";

/** Lines of one event. */
export const maxUsageSums = 500;

/** Below 0 for as long as what was given back is summed and what was charged is not. */
const amount = z.int();

/** What one member used on one day in all, with a tenant: absolute, so that a line takes the place of every older one. */
export const usageSumSchema = z.object({
  /** `user:<id>`, a person's own account, or `org:<id>`. */
  tenant: z.string().min(1),
  day: utcDaySchema,
  userId: z.string(),
  /** Charged calls; those that were given back are not among them. */
  calls: amount,
  /** Calls that a provider answered, whole or in part. */
  llmRequests: amount,
  refundedCalls: amount,
  promptTokens: amount,
  completionTokens: amount,
  /** 1e-9 US dollars, integer. */
  costNanoUsd: amount,
});
export type UsageSum = z.infer<typeof usageSumSchema>;

export const usageSummed = defineEvent({
  subject: "topdog.usage.summed.v1",
  summary: "What members used on a day in all, as the ledger has it: each line takes the place of the ones before it",
  publishers: ["quota"],
  listeners: [],
  schema: z.object({
    /** Rises from event to event: a line of a lower one is old. */
    version: z.int().min(1),
    sums: z.array(usageSumSchema).min(1).max(maxUsageSums),
  }),
  example: {
    version: 1_795_000_000_000_000,
    sums: [
      {
        tenant: "org:org_1",
        day: "2026-11-22",
        userId: "usr_1",
        calls: 12,
        llmRequests: 11,
        refundedCalls: 1,
        promptTokens: 144,
        completionTokens: 576,
        costNanoUsd: 367_200,
      },
    ],
  },
});
