import { listSubscribers } from "../clients/stripe/lists.ts";
import { isUnavailable } from "../clients/stripe/stripe-failure.ts";
import { findOwnerOf } from "../store/customers.ts";
import { findPass, putPass, type SweepPass } from "../store/sweep-pass.ts";
import { adoptCustomer } from "./settle-webhooks.ts";
import type { StripeDeps } from "./stripe-deps.ts";
import { syncCustomer } from "./sync-customer.ts";

export interface Swept {
  readonly customers: number;
  /** Customers whose plan was not what it is at Stripe. */
  readonly repaired: number;
  readonly complete: boolean;
}

/** From the start of one pass to the start of the next. */
const passIntervalMs = 3_600_000;

/**
 * Goes on with the pass over every subscription at Stripe, page by page until `signal` is aborted, and repairs what no event told.
 * The place is kept: a run that is cut goes on where it was. Between two passes it does nothing, unless `now` asks for one.
 */
export async function sweep(
  deps: StripeDeps,
  { signal, now = false }: { readonly signal?: AbortSignal; readonly now?: boolean } = {},
): Promise<Swept> {
  let pass = await currentPass(deps, now);
  const total = { customers: 0, repaired: 0 };
  const isCut = (): boolean => signal?.aborted === true;
  while (pass.finishedAt === null) {
    if (isCut()) return { ...total, complete: false };
    const page = await listSubscribers(deps.stripe, pass.afterId);
    for (const customerId of new Set(page.items)) {
      if (isCut()) return { ...total, complete: false };
      total.customers += 1;
      if (await repair(deps, customerId)) total.repaired += 1;
    }
    deps.metrics.swept.inc(page.items.length);
    const finishedAt: Date | null = page.afterId === null ? new Date(deps.nowMs()) : null;
    pass = { ...pass, afterId: page.afterId, finishedAt };
    await putPass(deps.db, pass);
  }
  // Of the last pass also where another process made it: what operators see does not begin anew with each release.
  deps.metrics.sweepFinishedSeconds.set(pass.finishedAt.getTime() / 1000);
  return { ...total, complete: true };
}

/** The pass that is unfinished, a new one when it is time, or the last one, which is done. */
async function currentPass({ db, nowMs }: StripeDeps, now: boolean): Promise<SweepPass> {
  const last = await findPass(db);
  const isDue = last === null || nowMs() - last.startedAt.getTime() >= passIntervalMs;
  if (!now && last !== null && (last.finishedAt === null || !isDue)) return last;
  return { startedAt: new Date(nowMs()), afterId: null, finishedAt: null };
}

/**
 * A customer is fetched as its event would have it; returns whether its plan had drifted. One that cannot be stored keeps nobody behind it
 * waiting; when Stripe is away, nobody can be fetched.
 */
async function repair(deps: StripeDeps, customerId: string): Promise<boolean> {
  try {
    return await compare(deps, customerId);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    deps.metrics.failedSyncs.inc();
    deps.logger.error({ err: error, customerId }, "a customer could not be synced, and is passed over");
    return false;
  }
}

async function compare(deps: StripeDeps, customerId: string): Promise<boolean> {
  const known = await findOwnerOf(deps.db, customerId);
  const owner = known ?? (await adoptCustomer(deps, customerId));
  if (owner === null) return false;
  const synced = await syncCustomer(deps, owner, "sweep");
  if (synced?.changed !== true) return false;
  deps.metrics.drift.inc();
  deps.logger.warn({ owner, customerId }, "a plan was not what it is at Stripe, and no event had said so");
  return true;
}
