import { inTransaction } from "@topdog/postgres/transaction";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { RandomBytes } from "../store/key-material.ts";

export interface RegistryDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * One change of the registry: facts, audit rows and outbox rows commit together or not at all.
 * A refusal is thrown (AppError), so that nothing of a refused change stays.
 */
export async function change<T>(deps: RegistryDeps, work: (trx: Transaction, at: Date) => Promise<T>): Promise<T> {
  return inTransaction(deps.db, (trx) => work(trx, new Date(deps.nowMs())));
}
