import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";
import { callerOf, usageOf as usageOfCall } from "@topdog/testing/usage";

/** The usage record of a call that took these tokens of a bucket of `owner`, on the day of the histories. */
export const usageOf = (owner: string, charges: readonly Charge[], refund = false): UsageConsumed =>
  usageOfCall([...charges], {
    ...callerOf(owner),
    // Whose key has a ceiling.
    keyId: owner === "user:dan" ? "key_2" : "key_1",
    day: "2026-11-22",
    refund,
    outcome: refund ? "failed" : "ok",
  });
