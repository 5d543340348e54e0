import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** The usage records of a message in batch form. */
export const usagesIn = (body: string): UsageConsumed[] =>
  (JSON.parse(body) as { data: unknown }[]).map(({ data }) => usageConsumed.schema.parse(data));
