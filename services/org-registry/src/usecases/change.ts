import { inTransaction } from "@topdog/postgres/transaction";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { RandomBytes } from "../store/key-material.ts";

export interface RegistryDeps {
  readonly db: Database;
  /** Wakes the outbox relay; nothing but speed depends on it. */
  readonly nudge: () => void;
  readonly nowMs: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * One change of the registry: facts, audit rows and outbox rows commit together or not at all, then go out at once.
 * A refusal is thrown (AppError), so that nothing of a refused change stays.
 */
export async function change<T>(deps: RegistryDeps, work: (trx: Transaction, at: Date) => Promise<T>): Promise<T> {
  const result = await inTransaction(deps.db, (trx) => work(trx, new Date(deps.nowMs())));
  deps.nudge();
  return result;
}
