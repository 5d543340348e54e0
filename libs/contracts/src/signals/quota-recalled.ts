import { z } from "zod";
import { defineSignal } from "../event.ts";
import { bucketOwnerSchema, meterSchema } from "../quota.ts";

export const quotaRecalledSchema = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
  /** `tail`: return unused tokens. `limit_changed`: return them and forget what is cached about this bucket. */
  reason: z.enum(["tail", "limit_changed"]),
});
export type QuotaRecalled = z.infer<typeof quotaRecalledSchema>;

export const quotaRecalled = defineSignal({
  subject: "topdog.signal.quota.recalled.v1",
  summary: "Gateways that hold tokens of this bucket give the unused ones back at once",
  owner: "quota",
  listeners: ["gateway"],
  schema: quotaRecalledSchema,
  example: { owner: "org:org_1", meter: "api_calls", reason: "tail" },
});
