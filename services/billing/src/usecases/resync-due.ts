import { isUnavailable } from "../clients/stripe/stripe-failure.ts";
import { ownersToResync } from "../store/customers.ts";
import type { StripeDeps } from "./stripe-deps.ts";
import { syncCustomer } from "./sync-customer.ts";

const maxOwners = 50;

/** Ends graces and periods at their time, whether or not an event says so. */
export async function resyncDue(deps: StripeDeps, signal?: AbortSignal): Promise<number> {
  const owners = await ownersToResync(deps.db, new Date(deps.nowMs()), maxOwners);
  for (const owner of owners) {
    if (signal?.aborted === true) break;
    try {
      await syncCustomer(deps, owner, "clock");
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // It keeps nobody behind it waiting.
      deps.metrics.failedSyncs.inc();
      deps.logger.error({ err: error, owner }, "a customer could not be synced, and is passed over");
    }
  }
  return owners.length;
}
