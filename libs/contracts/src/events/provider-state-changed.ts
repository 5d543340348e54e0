import { z } from "zod";
import { defineEvent } from "../event.ts";

export const providerStateChangedSchema = z.object({
  provider: z.string(),
  modelFamily: z.string(),
  state: z.enum(["closed", "open", "half_open"]),
  /** Which router saw it: breakers are local, and the others open theirs when they hear of it. */
  routerId: z.string(),
  at: z.iso.datetime(),
});
export type ProviderStateChanged = z.infer<typeof providerStateChangedSchema>;

export const providerStateChanged = defineEvent({
  subject: "topdog.provider.state_changed.v1",
  summary: "A router's breaker for a provider opened, half-opened or closed",
  publishers: ["llm-router"],
  listeners: ["llm-router", "gateway"],
  schema: providerStateChangedSchema,
  example: {
    provider: "sandbox-a",
    modelFamily: "sandbox",
    state: "open",
    routerId: "router-1",
    at: "2026-11-22T10:00:00.000Z",
  },
});
