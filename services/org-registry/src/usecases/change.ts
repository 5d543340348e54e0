import { inTransaction } from "@topdog/postgres/transaction";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import { type Acting, actFor } from "../store/acting.ts";
import type { RandomBytes } from "../store/key-material.ts";

export interface RegistryDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * One change of the registry: facts, audit rows and outbox rows commit together or not at all. Postgres confines it to the rows of whom it acts for.
 * A refusal is thrown (AppError), so that nothing of a refused change stays.
 */
export async function change<T>(
  deps: Pick<RegistryDeps, "db" | "nowMs">,
  who: Acting,
  work: (trx: Transaction, at: Date) => Promise<T>,
): Promise<T> {
  return inTransaction(deps.db, async (trx) => {
    await actFor(trx, who);
    return work(trx, new Date(deps.nowMs()));
  });
}

/** As `change`, for what is only read. */
export async function read<T>(db: Database, who: Acting, work: (trx: Transaction) => Promise<T>): Promise<T> {
  return change({ db, nowMs: Date.now }, who, work);
}

/** A key that is confined to an org acts for that org, and for nothing else of its user. */
export const actingOf = ({ userId, orgId }: Pick<Caller, "userId" | "orgId">): Acting =>
  orgId === null ? { userId } : { orgId };
