import type { Transaction } from "@topdog/postgres/pool";

/** Whose kept answers a transaction sees: one owner's, or, for the work of all of them, everybody's. Without it there are none. */
export type Acting = "everyone" | { readonly owner: string };

const erasureLock = 7_306_551_022;

/** From here on to the transaction's end, and in one round trip. While answers are erased no owner's transaction begins. */
export async function actFor(trx: Transaction, who: Acting): Promise<void> {
  if (who === "everyone") {
    await trx.raw("select set_config('topdog.everyone', 'on', true)");
    return;
  }
  await trx.raw("select set_config('topdog.owner', ?, true), pg_advisory_xact_lock_shared(?)", [
    who.owner,
    erasureLock,
  ]);
}

/** Waits for the owners' transactions that have begun: what they write is there to be erased, and later ones see what was. */
export async function lockForErasure(trx: Transaction): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(?)", [erasureLock]);
}
