import { z } from "zod";
import { byokTenantSchema } from "../byok.ts";
import { defineRpc } from "../event.ts";
import { utcDaySchema } from "../quota.ts";

/** Tenants in one question. */
export const maxSummedTenants = 100;

export const sumUsageRpc = defineRpc({
  subject: "topdog.rpc.usage.sum.v1",
  summary: "What tenants used on a day, as the ledger has it: for whoever counts the same, to compare",
  owner: "quota",
  askers: ["org-registry"],
  idempotent: true,
  request: z.object({ day: utcDaySchema, tenants: z.array(byokTenantSchema).max(maxSummedTenants) }),
  reply: z.object({
    /** A tenant without usage is left out. */
    sums: z.array(
      z.object({
        tenant: byokTenantSchema,
        calls: z.int(),
        llmRequests: z.int(),
        refundedCalls: z.int(),
        promptTokens: z.int(),
        completionTokens: z.int(),
        costNanoUsd: z.int(),
      }),
    ),
  }),
});
export type TenantSum = z.infer<typeof sumUsageRpc.reply>["sums"][number];
