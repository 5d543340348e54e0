import { setTimeout as sleep } from "node:timers/promises";
import { isConflict, isConnectionLoss } from "./failures.ts";
import type { Database, Transaction } from "./pool.ts";

export interface TransactionOptions {
  /** How often the work may run in all. */
  readonly attempts?: number;
}

const retryDelayMs = 20;

/**
 * Runs `work` in one transaction. After a serialization failure, a deadlock or a connection lost before the commit it runs
 * again from the start, so `work` must have no effect outside the transaction. A connection lost during the commit is thrown:
 * nobody knows whether it was done.
 */
export async function inTransaction<T>(
  db: Database,
  work: (trx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const attempts = options.attempts ?? 3;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryOnce(db, work);
    if (outcome.done) return outcome.result;
    if (!outcome.retryable || attempt >= attempts) throw outcome.error;
    await sleep(retryDelayMs * attempt * (0.5 + Math.random()));
  }
}

type Outcome<T> = { done: true; result: T } | { done: false; error: unknown; retryable: boolean };

/**
 * Knex in its callback form only: `await trx.commit()` resolves even when the commit failed, so an effect that was rolled back
 * would be taken for done.
 */
async function tryOnce<T>(db: Database, work: (trx: Transaction) => Promise<T>): Promise<Outcome<T>> {
  let committing = false;
  try {
    const result = await db.transaction(async (trx) => {
      const value = await work(trx);
      await assertNotAborted(trx);
      committing = true;
      return value;
    });
    return { done: true, result };
  } catch (error) {
    return { done: false, error, retryable: isConflict(error) || (!committing && isConnectionLoss(error)) };
  }
}

/** Postgres answers the commit of an aborted transaction with a rollback and no error. */
async function assertNotAborted(trx: Transaction): Promise<void> {
  const client = trx.client as { acquireConnection(): Promise<{ getTransactionStatus(): string | null }> };
  const connection = await client.acquireConnection();
  if (connection.getTransactionStatus() === "E")
    throw new Error("a statement failed, and the work hid it from its transaction");
}
