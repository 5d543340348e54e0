import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { afterCommit, inTransaction } from "@topdog/postgres/transaction";
import { readCustomer, type StripeCustomer } from "../clients/stripe/customers.ts";
import { decideEntitlement, type Entitlement } from "../domain/entitlement.ts";
import { type Governing, readSubscriptions } from "../domain/governing.ts";
import { movementOf, mrrMicroUsd } from "../domain/mrr.ts";
import { type StripeState, toStripeState, unknownSinceOf } from "../domain/stripe-state.ts";
import { isLive } from "../domain/stripe-subscription.ts";
import { toSubscriptionUpdated } from "../domain/subscription-announcement.ts";
import type { SyncCause } from "../metrics.ts";
import { lockCustomer, markSynced, unbindCustomer } from "../store/customers.ts";
import { putProblem, resolveGone } from "../store/quarantine.ts";
import { addMovement, hasPaid } from "../store/revenue.ts";
import { findStripeState, putStripeState } from "../store/stripe-states.ts";
import { findSourced, putSubscription } from "../store/subscriptions.ts";
import { pendingEventIds, settleEvents } from "../store/webhook-events.ts";
import type { StripeDeps } from "./stripe-deps.ts";

export interface Synced {
  readonly state: StripeState;
  /** Whether what is in force changed, and was announced. */
  readonly changed: boolean;
}

/**
 * Makes our state what Stripe's is now. The customer's lock is held from before the fetch to the commit, so the last fetch wins
 * whatever order events come in; what they say is never read. Null for an owner who is no customer.
 */
export async function syncCustomer(deps: StripeDeps, owner: string, cause: SyncCause): Promise<Synced | null> {
  return inTransaction(deps.db, async (trx) => {
    const customer = await lockCustomer(trx, owner);
    if (customer === null || customer.stripeCustomerId === null) return null;
    // Before the fetch: an event that comes during it is about something that the fetch may not have seen.
    const eventIds = await pendingEventIds(trx, customer.stripeCustomerId);
    const fetched = await readCustomer(deps.stripe, customer.stripeCustomerId);
    const synced = await applyFetched(deps, trx, owner, fetched);
    const lags = await settleEvents(trx, eventIds);
    if (fetched.deleted) await unbindCustomer(trx, owner);
    afterCommit(trx, () => {
      for (const seconds of lags) deps.metrics.webhookLagSeconds.observe(seconds);
      deps.metrics.syncs.inc({ cause, changed: synced.changed ? "yes" : "no" });
      const { status, plan, subscriptionId } = synced.state;
      deps.logger.info(
        { owner, cause, events: eventIds.length, changed: synced.changed, status, plan, subscriptionId },
        "customer synced with Stripe",
      );
    });
    return synced;
  });
}

async function applyFetched(
  deps: StripeDeps,
  trx: Transaction,
  owner: string,
  { subscriptions }: StripeCustomer,
): Promise<Synced> {
  const now = new Date(deps.nowMs());
  const { governing, problems } = readSubscriptions(subscriptions, deps.prices, owner);
  const [before, current] = await Promise.all([findStripeState(trx, owner), findSourced(trx, owner)]);
  const unknownSince = unknownSinceOf(governing, before, now);
  const entitlement = decideEntitlement(governing, {
    nowMs: now.getTime(),
    graceMs: deps.graceMs,
    last: current?.subscription ?? null,
    unknownSince,
  });
  const mrr = entitlement.plan === "free" ? 0n : mrrMicroUsd(governing, now.getTime());
  const state = toStripeState(governing, entitlement, { mrrMicroUsd: mrr, unknownSince, prices: deps.prices });
  await putStripeState(trx, owner, state, now);
  for (const problem of problems) await putProblem(trx, problem, owner, now);
  await resolveGone(trx, owner, problems, now);
  await recordMovement(trx, owner, before, state, now);
  await markSynced(trx, owner, now, entitlement.changesAt);
  // What an operator gave stands until Stripe has something to say.
  const decides = current?.source !== "operator" || (governing !== null && isLive(governing.subscription));
  const changed = decides && (await announce(trx, owner, governing, entitlement, current === null, now));
  return { state, changed };
}

async function announce(
  trx: Transaction,
  owner: string,
  governing: Governing | null,
  { plan, interval, seats, status }: Entitlement,
  isFirst: boolean,
  now: Date,
): Promise<boolean> {
  // Nobody was told otherwise: an owner who never had a plan is on the free one.
  if (isFirst && plan === "free" && (governing === null || status === "active")) return false;
  const changed = await putSubscription(trx, { owner, plan, interval, seats, status }, "stripe", now);
  if (changed === null) return false;
  await appendOutbox(trx, subscriptionUpdated, toSubscriptionUpdated(changed));
  return true;
}

async function recordMovement(
  trx: Transaction,
  owner: string,
  before: StripeState | null,
  after: StripeState,
  at: Date,
): Promise<void> {
  const beforeMicroUsd = before?.mrrMicroUsd ?? 0n;
  if (beforeMicroUsd === after.mrrMicroUsd) return;
  const kind = movementOf(beforeMicroUsd, after.mrrMicroUsd, await hasPaid(trx, owner));
  if (kind === null) return;
  const plan = after.plan ?? before?.plan ?? "free";
  const interval = after.interval ?? before?.interval ?? "month";
  await addMovement(trx, { owner, at, kind, plan, interval, beforeMicroUsd, afterMicroUsd: after.mrrMicroUsd });
}
