import { plans } from "@topdog/contracts/plans";
import { createSession, expireSession } from "../../clients/stripe/checkout-sessions.ts";
import {
  idempotencyKey,
  type MoneyOperation,
  type OperationResult,
  type Target,
} from "../../domain/money-operation.ts";
import { recentCheckouts } from "../../store/money-operations.ts";
import { ensureCustomer } from "../ensure-customer.ts";
import type { OperationDeps } from "./operation-deps.ts";
import { priceFor } from "./price-for.ts";

/** As long as a session can stay open. */
export const sessionLifeMs = 24 * 3_600_000;

/** One open session for an owner: those for something else are closed first, or both could be paid. */
export async function performCheckout(
  deps: OperationDeps,
  operation: MoneyOperation,
  params: Target & { readonly trialDays: number },
): Promise<OperationResult> {
  const { stripe, db, checkout } = deps;
  const { owner } = operation;
  const customer = await ensureCustomer(deps, owner);
  const since = new Date(operation.createdAt.getTime() - sessionLifeMs);
  for (const { result } of await recentCheckouts(db, owner, since)) {
    if (result?.sessionId !== undefined) await expireSession(stripe, result.sessionId);
  }
  const { minimumSeats, perSeat } = plans[params.plan];
  return createSession(
    stripe,
    {
      customer,
      owner,
      priceId: priceFor(deps.prices, params).priceId,
      seats: params.seats,
      minimumSeats: perSeat ? minimumSeats : null,
      trialDays: params.trialDays,
      ...checkout,
    },
    idempotencyKey(operation, "session"),
  );
}
