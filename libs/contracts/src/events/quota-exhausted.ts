import { z } from "zod";
import { defineEvent } from "../event.ts";
import { bucketOwnerSchema, meterSchema, utcDaySchema } from "../quota.ts";

export const quotaExhaustedSchema = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
  day: utcDaySchema,
  limit: z.int().min(0),
  at: z.iso.datetime(),
});

export const quotaExhausted = defineEvent({
  subject: "topdog.quota.exhausted.v1",
  summary: "A bucket gave its last token of the day",
  publishers: ["quota"],
  listeners: [],
  schema: quotaExhaustedSchema,
  example: { owner: "user:usr_1", meter: "llm_requests", day: "2026-11-22", limit: 40, at: "2026-11-22T10:00:00.000Z" },
});
