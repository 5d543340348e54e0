import type { Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { keyOf } from "../domain/bucket.ts";
import { fence } from "../domain/lease.ts";
import { lockBuckets } from "../store/buckets.ts";
import { findAbandonedLeases, readLeases } from "../store/leases.ts";
import type { QuotaDeps } from "./deps.ts";
import { announce, openTallies, tallyLease, writeMovements } from "./move-tokens.ts";

const leasesPerPass = 500;
const sweepLockKey = 7_306_551_083;

/** Takes back what vanished gateways held, their credit windows aside. Returns how many leases it closed. */
export async function closeAbandonedLeases(deps: QuotaDeps, gatewayTimeoutMs: number): Promise<number> {
  const swept = await inTransaction(deps.db, (trx) => sweepOnce(trx, gatewayTimeoutMs));
  if (swept === null) return 0;
  announce(deps, swept.aftermath);
  deps.metrics.abandoned.inc(swept.closed);
  deps.metrics.returned.inc(swept.returned);
  deps.metrics.burned.inc(swept.burned);
  if (swept.closed > 0) {
    const { closed, returned, burned } = swept;
    deps.logger.warn({ closed, returned, burned }, "closed the leases of vanished gateways");
  }
  return swept.closed;
}

async function sweepOnce(trx: Transaction, gatewayTimeoutMs: number) {
  const { rows } = await trx.raw<{ rows: { mine: boolean }[] }>("select pg_try_advisory_xact_lock(?) as mine", [
    sweepLockKey,
  ]);
  if (rows[0]?.mine !== true) return null;
  const leaseIds = await findAbandonedLeases(trx, gatewayTimeoutMs, leasesPerPass);
  if (leaseIds.length === 0) return null;
  const { buckets } = await lockBuckets(trx, [], leaseIds);
  // Read again, now that nobody can change them: what was reported meanwhile counts.
  const open = (await readLeases(trx, leaseIds, [])).filter((lease) => lease.state === "open");
  const tallies = openTallies(buckets);
  const fenced = open.map((before) => {
    const tally = tallies.get(keyOf(before));
    if (tally === undefined) throw new Error("a lease's bucket was not locked");
    const after = fence(before);
    tallyLease(tally, before, after, 0);
    return { before, after };
  });
  const aftermath = await writeMovements(
    trx,
    tallies,
    fenced.map(({ after }) => after),
    [],
  );
  return {
    aftermath,
    closed: fenced.length,
    returned: fenced.reduce((sum, { before, after }) => sum + after.returned - before.returned, 0),
    burned: fenced.reduce((sum, { after }) => sum + after.burned, 0),
  };
}
