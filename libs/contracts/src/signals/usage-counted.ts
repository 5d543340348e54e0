import { z } from "zod";
import { defineSignal } from "../event.ts";
import { bucketOwnerSchema, planMeterSchema, utcDaySchema } from "../quota.ts";

export const usageCountedSchema = z.object({
  /** The key of the subject. */
  owner: bucketOwnerSchema,
  day: utcDaySchema,
  /** Today's figures of those meters that moved. */
  meters: z.array(z.object({ meter: planMeterSchema, used: z.int().min(0), limit: z.int().min(0) })).max(2),
  /** Calls that were completed since the last signal: their tokens and cost are known now. */
  calls: z.int().min(0),
});
export type UsageCounted = z.infer<typeof usageCountedSchema>;

export const usageCounted = defineSignal({
  subject: "topdog.signal.usage.counted.v1",
  summary: "What a bucket's owner used today has changed: once a second at most, for pages that show it",
  owner: "quota",
  listeners: ["gateway"],
  keyed: true,
  schema: usageCountedSchema,
  example: {
    owner: "user:usr_1",
    day: "2026-11-26",
    meters: [{ meter: "api_calls", used: 12, limit: 75 }],
    calls: 3,
  },
});
