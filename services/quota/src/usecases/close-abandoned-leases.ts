import { fence } from "../domain/lease.ts";
import { openTallies, tallyLease, tallyOf } from "../domain/tally.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";
import type { QuotaDeps } from "./deps.ts";
import { announce, writeMovements } from "./move-tokens.ts";

const leasesPerPass = 500;

/** Takes back what vanished gateways held, except their credit windows. Returns how many leases it closed. */
export async function closeAbandonedLeases(deps: QuotaDeps, gatewayTimeoutMs: number): Promise<number> {
  const swept = await deps.store.transaction((tx) => sweepOnce(tx, gatewayTimeoutMs));
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

async function sweepOnce(tx: QuotaTransaction, gatewayTimeoutMs: number) {
  const leaseIds = await tx.findAbandonedLeases(gatewayTimeoutMs, leasesPerPass);
  if (leaseIds.length === 0) return null;
  const { buckets } = await tx.lockBuckets([], leaseIds);
  // Read again, now that nobody can change them: what was reported meanwhile counts.
  const open = (await tx.readLeases(leaseIds)).filter((lease) => lease.state === "open");
  const tallies = openTallies(buckets);
  const fenced = open.map((before) => {
    const after = fence(before);
    tallyLease(tallyOf(tallies, before), before, after, 0);
    return { before, after };
  });
  const aftermath = await writeMovements(
    tx,
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
