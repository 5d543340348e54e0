import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { afterCommit } from "@topdog/postgres/transaction";
import type { StripeCustomer } from "../clients/stripe/customers.ts";
import { decideEntitlement, type Entitlement } from "../domain/entitlement.ts";
import { type Governing, readSubscriptions } from "../domain/governing.ts";
import { movementOf, mrrMicroUsd } from "../domain/mrr.ts";
import { graceBeforeOf, type StripeState, toStripeState, unknownSinceOf } from "../domain/stripe-state.ts";
import { isLive } from "../domain/stripe-subscription.ts";
import { toSubscriptionUpdated } from "../domain/subscription-announcement.ts";
import { isMoneyBack } from "../domain/webhook-event.ts";
import type { SyncCause } from "../metrics.ts";
import { markSynced, unbindCustomer } from "../store/customers.ts";
import { putProblem, resolveGone } from "../store/quarantine.ts";
import { addMovement, hasPaid } from "../store/revenue.ts";
import { findStripeState, putStripeState } from "../store/stripe-states.ts";
import { findSourced, putSubscription } from "../store/subscriptions.ts";
import { type PendingEvent, settleEvents } from "../store/webhook-events.ts";
import type { StripeDeps } from "./stripe-deps.ts";

export interface Synced {
  readonly state: StripeState;
  /** Whether what is in force changed, and was announced. */
  readonly changed: boolean;
}

/** What was fetched under a lease, and what it settles. */
export interface Fetched {
  readonly fetched: StripeCustomer;
  readonly events: readonly PendingEvent[];
  readonly cause: SyncCause;
}

/** Writes what was fetched, all of it or nothing: state, announcement, revenue, what is not understood, and the events that are settled by it. */
export async function applyFetched(
  deps: StripeDeps,
  trx: Transaction,
  owner: string,
  { fetched, events, cause }: Fetched,
): Promise<Synced> {
  const synced = await writeState(deps, trx, owner, fetched);
  const ids = events.map(({ id }) => id);
  const lags = await settleEvents(trx, ids);
  for (const { id, type } of events.filter((event) => isMoneyBack(event.type)))
    await putProblem(trx, { kind: "money_went_back", subject: id, detail: type }, owner, new Date(deps.nowMs()));
  if (fetched.deleted) await unbindCustomer(trx, owner);
  afterCommit(trx, () => {
    for (const seconds of lags) deps.metrics.webhookLagSeconds.observe(seconds);
    deps.metrics.syncs.inc({ cause, changed: synced.changed ? "yes" : "no" });
    const { status, plan, subscriptionId } = synced.state;
    deps.logger.info(
      { owner, cause, events: ids.length, changed: synced.changed, status, plan, subscriptionId },
      "customer synced with Stripe",
    );
  });
  return synced;
}

async function writeState(
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
    graceBefore: graceBeforeOf(governing, before),
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
