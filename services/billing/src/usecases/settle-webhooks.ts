import { customerOfObject, readCustomer } from "../clients/stripe/customers.ts";
import { isMissing, stripeCode } from "../clients/stripe/stripe-failure.ts";
import { bindCustomer, findOwnerOf, putCustomer } from "../store/customers.ts";
import { putProblem } from "../store/quarantine.ts";
import {
  customersWithEvents,
  eventsWithoutCustomer,
  nameCustomer,
  pendingEvents,
  postponeEvents,
  settleEvents,
} from "../store/webhook-events.ts";
import { inTransaction } from "@topdog/postgres/transaction";
import { ownerPattern } from "../domain/subscription.ts";
import type { StripeDeps } from "./stripe-deps.ts";
import { syncCustomer } from "./sync-customer.ts";

const maxAttempts = 20;
const firstBackoffMs = 1_000;
const maxBackoffMs = 600_000;

const backoffMs = (attempt: number): number =>
  Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);

/** One thing that the inbox waits for: a customer's events, however many, or an event whose customer is still to be found. */
export interface DueWork {
  /** The same as long as it is not done. */
  readonly key: string;
  readonly run: () => Promise<void>;
}

/** What is due in the inbox, the longest waiting first. A run that fails puts its events off. */
export async function dueWork(deps: StripeDeps, limit: number): Promise<DueWork[]> {
  const [nameless, customers] = await Promise.all([
    eventsWithoutCustomer(deps.db, limit),
    customersWithEvents(deps.db, limit),
  ]);
  return [
    ...nameless.map(({ id, objectPath }) => ({
      key: id,
      run: () =>
        guarded(deps, { id }, async () => nameCustomer(deps.db, id, await customerOfKnownObject(deps, objectPath))),
    })),
    ...customers.map((customerId) => ({
      key: customerId,
      run: () => guarded(deps, { customerId }, () => settleCustomer(deps, customerId)),
    })),
  ];
}

/** Does all that is due, a few at once, until nothing is. */
export async function settleWebhooks(deps: StripeDeps, atOnce = 8): Promise<void> {
  for (let work = await dueWork(deps, atOnce); work.length > 0; work = await dueWork(deps, atOnce))
    await Promise.all(work.map(({ run }) => run()));
}

async function customerOfKnownObject({ stripe }: StripeDeps, objectPath: string): Promise<string | null> {
  try {
    return await customerOfObject(stripe, objectPath);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function settleCustomer(deps: StripeDeps, customerId: string): Promise<void> {
  const owner = (await findOwnerOf(deps.db, customerId)) ?? (await adoptCustomer(deps, customerId));
  if (owner !== null) {
    await syncCustomer(deps, owner, "event");
    return;
  }
  await inTransaction(deps.db, async (trx) => {
    await settleEvents(
      trx,
      (await pendingEvents(trx, customerId)).map(({ id }) => id),
    );
  });
}

/**
 * A customer that we have no row for: made by us in a process that died before it wrote Stripe's answer, which the customer itself
 * tells; or somebody else's. Returns its owner; null for one that is set aside.
 */
export async function adoptCustomer(deps: StripeDeps, customerId: string): Promise<string | null> {
  const { owner, deleted, subscriptions } = await readCustomer(deps.stripe, customerId);
  if (owner !== null && ownerPattern.test(owner)) {
    await putCustomer(deps.db, owner);
    if ((await bindCustomer(deps.db, owner, customerId)) === customerId) return owner;
  }
  // Without a subscription nobody pays for what they do not get.
  if (deleted || subscriptions.length === 0) return null;
  const detail =
    owner === null ? "has a subscription and names no owner" : `has a subscription; ${owner} has another customer`;
  const at = new Date(deps.nowMs());
  await putProblem(deps.db, { kind: "orphan_customer", subject: customerId, detail }, null, at);
  return null;
}

async function guarded(
  deps: StripeDeps,
  which: { readonly customerId: string } | { readonly id: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.logger.warn({ err: error, ...which }, "events could not be settled and will be tried again");
    await postponeEvents(deps.db, which, { backoffMs, maxAttempts, error: stripeCode(error) ?? nameOf(error) });
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");
