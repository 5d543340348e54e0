import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Bus } from "@topdog/messaging/connect";
import { onSignal } from "@topdog/messaging/signal";
import type { Permits } from "../store/permits.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";

/** Another gateway needs the last tokens, or a limit changed: unused tokens are given back at once. */
export const onQuotaRecalled = (bus: Bus, leases: QuotaLeases, permits: Permits): (() => void) =>
  onSignal(bus, quotaRecalled, (signal) => {
    leases.recall(signal);
    if (signal.reason === "limit_changed") permits.recheck(signal.owner);
  });
