import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@topdog/errors/app-error";
import { inTransaction } from "@topdog/postgres/transaction";
import { readCustomer } from "../clients/stripe/customers.ts";
import type { SyncCause } from "../metrics.ts";
import { findStripeState } from "../store/stripe-states.ts";
import { applySyncLease, dropSyncLease, findSyncPlace, type SyncLease, takeSyncLease } from "../store/sync-leases.ts";
import { pendingEvents } from "../store/webhook-events.ts";
import { applyFetched, type Synced } from "./apply-fetched.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** A fetch that takes longer is not written. Others wait this long for a process that died in the middle. */
const leaseMs = 30_000;
const maxWaitMs = 15_000;
const pollMs = 25;
const retryAfterSeconds = 5;

/**
 * Makes our state what Stripe's is now; what events say is never read. One fetch of a customer at a time: whoever comes during one waits,
 * and is served by the next fetch that begins, which sees all that happened before it. Neither a connection nor a transaction waits for
 * Stripe. Null for an owner who is no customer.
 */
export async function syncCustomer(deps: StripeDeps, owner: string, cause: SyncCause): Promise<Synced | null> {
  const deadlineMs = performance.now() + maxWaitMs;
  let newestAtArrival: number | null = null;
  do {
    const lease = await takeSyncLease(deps.db, owner, { leaseMs, newestAtArrival });
    const synced = lease === null ? null : await fetchUnderLease(deps, lease, cause);
    if (synced !== null) return synced;
    const place = await findSyncPlace(deps.db, owner);
    if (place === null) return null;
    newestAtArrival ??= lease?.fence ?? place.fence;
    if (place.applied > newestAtArrival) return joined(deps, owner);
    await sleep(pollMs);
  } while (performance.now() < deadlineMs);
  throw new AppError("payments_unavailable", { retryAfterSeconds });
}

/** What a fetch found that began after this caller came, and that another caller's lease wrote. */
async function joined({ db }: StripeDeps, owner: string): Promise<Synced | null> {
  const state = await findStripeState(db, owner);
  return state === null ? null : { state, changed: false };
}

/** Null when the lease ran out before what was fetched could be written: it may be older than what another one wrote. */
async function fetchUnderLease(deps: StripeDeps, lease: SyncLease, cause: SyncCause): Promise<Synced | null> {
  try {
    // Before the fetch: an event that comes during it is about something that the fetch may not have seen.
    const events = await pendingEvents(deps.db, lease.stripeCustomerId);
    const fetched = await readCustomer(deps.stripe, lease.stripeCustomerId);
    return await inTransaction(deps.db, async (trx) =>
      (await applySyncLease(trx, lease)) ? applyFetched(deps, trx, lease.owner, { fetched, events, cause }) : null,
    );
  } catch (error) {
    await dropSyncLease(deps.db, lease).catch((dropError: unknown) =>
      deps.logger.warn({ err: dropError, owner: lease.owner }, "a lease of a customer is left to run out"),
    );
    throw error;
  }
}
