import { setTimeout as sleep } from "node:timers/promises";
import { isConflict, isConnectionLoss } from "./failures.ts";
import type { Database, Transaction } from "./pool.ts";

export interface TransactionOptions {
  /** How often the work may run in all. */
  readonly attempts?: number;
}

const retryDelayMs = 20;

const key = Symbol("afterCommit");
type CommittedWork = (db: Database) => void;
type WithCommittedWork = Transaction & { [key]?: Set<CommittedWork> };

/**
 * Runs `work` once the transaction is committed, and never when it is not: the one way to tell others about a fact. `trx`
 * must be of `inTransaction`. The same function is called once however often it is given. It must not throw: the transaction is committed by then.
 */
export function afterCommit(trx: Transaction, work: CommittedWork): void {
  const pending = (trx as WithCommittedWork)[key];
  if (pending === undefined) throw new Error("afterCommit needs a transaction of inTransaction");
  pending.add(work);
}

/**
 * Runs `work` in one transaction. After a serialization failure, a deadlock or a connection lost before the commit it runs
 * again from the start, so `work` must have no effect outside the transaction but by `afterCommit`. A connection lost during the commit is thrown:
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
    if (outcome.done) {
      for (const work of outcome.committed) work(db);
      return outcome.result;
    }
    if (!outcome.retryable || attempt >= attempts) throw outcome.error;
    await sleep(retryDelayMs * attempt * (0.5 + Math.random()));
  }
}

type Outcome<T> =
  | { done: true; result: T; committed: ReadonlySet<CommittedWork> }
  | { done: false; error: unknown; retryable: boolean };

async function tryOnce<T>(db: Database, work: (trx: Transaction) => Promise<T>): Promise<Outcome<T>> {
  let trx: Transaction | undefined;
  let committing = false;
  try {
    trx = await db.transaction();
    // `commit` awaits it; the rejection after a rollback would otherwise be unhandled.
    trx.executionPromise.catch(() => undefined);
    const committed = new Set<CommittedWork>();
    (trx as WithCommittedWork)[key] = committed;
    const result = await work(trx);
    committing = true;
    await commit(trx);
    return { done: true, result, committed };
  } catch (error) {
    if (!committing) await trx?.rollback().catch(() => undefined);
    return { done: false, error, retryable: isConflict(error) || (!committing && isConnectionLoss(error)) };
  }
}

/**
 * Knex resolves `trx.commit()` even when the commit failed: only `executionPromise` tells. And Postgres answers the commit of a
 * transaction in which a statement failed with a rollback and no error: only the command it names tells.
 */
async function commit(trx: Transaction): Promise<void> {
  const answer = (await trx.commit()) as { response?: { command?: string } } | undefined;
  await trx.executionPromise;
  if (answer?.response?.command === "COMMIT") return;
  throw new Error("a statement failed and the work hid it, so its transaction was rolled back");
}
