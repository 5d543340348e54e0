import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** 1e-9 US dollars: ten thousand dollars. */
const mostCost = 1e13;
/** As long as the ids in the names of buckets' owners. */
const longestId = 64;

/**
 * Why no call can have been as the record says; null when one can. What passes can be added up: sums are kept by ids, in an index that takes
 * no longer ones, and a sum that cannot be written would hold up those of everybody.
 */
export function impossibilityOf({
  keyId,
  userId,
  orgId,
  costNanoUsd,
}: Pick<UsageConsumed, "keyId" | "userId" | "orgId" | "costNanoUsd">): string | null {
  if (costNanoUsd > mostCost) return `no call costs ${costNanoUsd} nano-USD`;
  if ([keyId, userId, orgId ?? ""].some((id) => id.length > longestId)) return "an id is too long to be one";
  return null;
}
