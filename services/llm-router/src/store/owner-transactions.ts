import { isConnectionLoss } from "@topdog/postgres/failures";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { type Acting, actFor } from "./acting.ts";

type Work<T> = (trx: Transaction) => Promise<T>;

export interface OwnerTransactions {
  /** One transaction for the rows of whom it acts for. */
  readonly act: <T>(who: Acting, work: Work<T>) => Promise<T>;
  /** As `act`, for an owner; rejects at once for a moment after the database was lost. Not for the end of a claim, which must be tried whatever happened before. */
  readonly ask: <T>(who: { readonly owner: string }, work: Work<T>) => Promise<T>;
}

/** After a lost connection: callers that come meanwhile do not wait for the next attempt. */
const restMs = 5000;

export function createOwnerTransactions(db: Database): OwnerTransactions {
  let lost: { readonly error: unknown; readonly untilMs: number } | null = null;
  const act = <T>(who: Acting, work: Work<T>): Promise<T> =>
    inTransaction(
      db,
      async (trx) => {
        await actFor(trx, who);
        return work(trx);
      },
      { attempts: 1 },
    );
  return {
    act,
    ask: async ({ owner }, work) => {
      if (lost !== null && performance.now() < lost.untilMs)
        throw new Error("the database was lost a moment ago", { cause: lost.error });
      try {
        return await act({ owner }, work);
      } catch (error) {
        if (isConnectionLoss(error)) lost = { error, untilMs: performance.now() + restMs };
        throw error;
      }
    },
  };
}
