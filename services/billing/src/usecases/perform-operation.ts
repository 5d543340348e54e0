import type { AppError } from "@topdog/errors/app-error";
import { isOutcomeUnknown, isStoredFault } from "../clients/stripe/stripe-failure.ts";
import { type MoneyOperation, type OperationResult, replayableMs } from "../domain/money-operation.ts";
import { claimStale, finishOperation, nextAttempt } from "../store/money-operations.ts";
import { performCancel, performResume } from "./operations/end-at-period.ts";
import { performChange } from "./operations/change-now.ts";
import { performClose } from "./operations/close.ts";
import { performCheckout } from "./operations/checkout.ts";
import { performSchedule } from "./operations/change-later.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";
import { syncCustomer } from "./sync-customer.ts";

/** After that long without an end, the process that began it is taken for dead. Longer than all repeats of one request. */
const staleMs = 60_000;
const maxAtOnce = 10;

/**
 * Does what an operation's row says and writes how it ended. When nobody knows whether Stripe did it the row stays as it is, and is
 * replayed with the same keys: Stripe then repeats its answer and does nothing twice.
 */
export async function performOperation(deps: OperationDeps, operation: MoneyOperation): Promise<OperationResult> {
  try {
    const result = await perform(deps, operation);
    await finishOperation(deps.db, operation.id, { state: "done", result });
    deps.metrics.operations.inc({ outcome: "done" });
    await syncCustomer(deps, operation.owner, "operation");
    return result;
  } catch (error) {
    if (isOutcomeUnknown(error)) {
      if (isStoredFault(error)) await nextAttempt(deps.db, operation.id);
      deps.metrics.operations.inc({ outcome: "unknown" });
      throw error;
    }
    await finishOperation(deps.db, operation.id, { state: "refused", refusal: (error as AppError).code });
    deps.metrics.operations.inc({ outcome: "refused" });
    throw error;
  }
}

async function perform(deps: OperationDeps, operation: MoneyOperation): Promise<OperationResult> {
  const { work } = operation;
  switch (work.kind) {
    case "checkout":
      return performCheckout(deps, operation, work.params);
    case "change":
      return performChange(deps, operation, work.params);
    case "schedule":
      return performSchedule(deps, operation, work.params);
    case "cancel":
      return performCancel(deps, operation);
    case "resume":
      return performResume(deps, operation);
    case "close":
      return performClose(deps, operation);
  }
}

/** Ends what a crash or an outage left open. */
export async function recoverOperations(deps: OperationDeps, olderThanMs = staleMs): Promise<number> {
  const stale = await claimStale(deps.db, olderThanMs, maxAtOnce);
  for (const operation of stale) {
    try {
      const isKeyOld = deps.nowMs() - operation.createdAt.getTime() > replayableMs;
      const again = isKeyOld ? await nextAttempt(deps.db, operation.id) : operation;
      if (again === null) continue;
      await performOperation(deps, again);
      deps.metrics.operations.inc({ outcome: "recovered" });
      deps.logger.info({ operationId: operation.id, kind: operation.work.kind }, "an open operation was replayed");
    } catch (error) {
      deps.logger.warn({ err: error, operationId: operation.id }, "an open operation could not be ended");
    }
  }
  return stale.length;
}
