import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@topdog/errors/app-error";
import { inTransaction } from "@topdog/postgres/transaction";
import { type MoneyOperation, type OperationResult, type OperationWork, sameWork } from "../domain/money-operation.ts";
import { lockCustomer, putCustomer } from "../store/customers.ts";
import { addOperation, findOperation, findStarted, recentCheckouts } from "../store/money-operations.ts";
import { sessionLifeMs } from "./operations/checkout.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";
import { performOperation } from "./perform-operation.ts";

const maxWaitMs = 15_000;
const pollMs = 100;
const retryAfterSeconds = 10;

/**
 * Does one thing to an owner's money at a time. Who asks for the same while it is under way waits for that one's answer; who asks for
 * something else is told to come back.
 */
export async function runOperation(
  deps: OperationDeps,
  owner: string,
  work: OperationWork,
  closedSessions: ReadonlySet<string> = new Set(),
): Promise<OperationResult> {
  await putCustomer(deps.db, owner);
  const begun = await begin(deps, owner, work, closedSessions);
  if (begun.outcome === "made") return performOperation(deps, begun.operation);
  if (begun.outcome === "reused") return begun.result;
  return waitFor(deps, begun.operation.id);
}

type Begun =
  | { readonly outcome: "made" | "joined"; readonly operation: MoneyOperation }
  | { readonly outcome: "reused"; readonly result: OperationResult };

async function begin(
  { db, nowMs }: OperationDeps,
  owner: string,
  work: OperationWork,
  closedSessions: ReadonlySet<string>,
): Promise<Begun> {
  return inTransaction(db, async (trx): Promise<Begun> => {
    await lockCustomer(trx, owner);
    const started = await findStarted(trx, owner);
    if (started !== null) {
      if (sameWork(started.work, work)) return { outcome: "joined", operation: started };
      throw new AppError("conflict", {
        detail: "Another change of this subscription is under way.",
        retryAfterSeconds,
      });
    }
    if (work.kind === "checkout") {
      const result = await openSession(trx, owner, work, nowMs(), closedSessions);
      if (result !== null) return { outcome: "reused", result };
    }
    const operation: MoneyOperation = {
      id: randomUUID(),
      owner,
      work,
      attempt: 1,
      state: "started",
      result: null,
      refusal: null,
      createdAt: new Date(nowMs()),
    };
    await addOperation(trx, operation);
    return { outcome: "made", operation };
  });
}

/** A session for the same purchase that can still be paid. Only the newest can be open: the others were closed for it. */
async function openSession(
  trx: Parameters<typeof recentCheckouts>[0],
  owner: string,
  work: OperationWork,
  nowMs: number,
  closedSessions: ReadonlySet<string>,
): Promise<OperationResult | null> {
  const [newest] = await recentCheckouts(trx, owner, new Date(nowMs - sessionLifeMs));
  if (newest === undefined || newest.result?.sessionId === undefined || !sameWork(newest.work, work)) return null;
  const { sessionId, expiresAt = "" } = newest.result;
  return closedSessions.has(sessionId) || !(Date.parse(expiresAt) > nowMs) ? null : newest.result;
}

async function waitFor({ db }: OperationDeps, id: string): Promise<OperationResult> {
  const deadlineMs = performance.now() + maxWaitMs;
  while (performance.now() < deadlineMs) {
    const operation = await findOperation(db, id);
    if (operation?.state === "done") return operation.result ?? {};
    if (operation?.state === "refused")
      throw new AppError("conflict", { detail: `It was refused: ${operation.refusal}.` });
    await sleep(pollMs);
  }
  throw new AppError("payments_unavailable", { retryAfterSeconds });
}
