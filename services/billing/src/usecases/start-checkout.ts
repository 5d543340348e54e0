import { AppError } from "@topdog/errors/app-error";
import { isSessionOpen } from "../clients/stripe/checkout-sessions.ts";
import type { OperationResult, Target } from "../domain/money-operation.ts";
import { recentCheckouts } from "../store/money-operations.ts";
import { findStripeState } from "../store/stripe-states.ts";
import { isLive } from "../domain/stripe-subscription.ts";
import { runOperation } from "./begin-operation.ts";
import { sessionLifeMs } from "./operations/checkout.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";
import { priceFor } from "./operations/price-for.ts";
import { syncCustomer } from "./sync-customer.ts";

export interface StartCheckoutDeps extends OperationDeps {
  readonly trialDays: number;
}

/** Opens a checkout, or gives the one that is open for the same purchase. What is bought counts when Stripe says so, not when the browser returns. */
export async function startCheckout(deps: StartCheckoutDeps, owner: string, target: Target): Promise<OperationResult> {
  priceFor(deps.prices, target);
  await syncCustomer(deps, owner, "request");
  const state = await findStripeState(deps.db, owner);
  if (state !== null && state.status !== null && isLive({ status: state.status })) {
    throw new AppError("conflict", {
      detail: "There is a subscription already: change it instead of buying another.",
      extensions: state.details.paymentUrl === null ? {} : { paymentUrl: state.details.paymentUrl },
    });
  }
  const trialDays = state?.subscriptionId == null ? deps.trialDays : 0;
  const work = { kind: "checkout", params: { ...target, trialDays } } as const;
  return runOperation(deps, owner, work, await closedSessions(deps, owner));
}

/** A session may have been left or paid without an event of it. */
async function closedSessions({ db, stripe, nowMs }: OperationDeps, owner: string): Promise<ReadonlySet<string>> {
  const [newest] = await recentCheckouts(db, owner, new Date(nowMs() - sessionLifeMs));
  const id = newest?.result?.sessionId;
  return new Set(id === undefined || (await isSessionOpen(stripe, id)) ? [] : [id]);
}
