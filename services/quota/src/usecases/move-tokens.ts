import { isPlanMeter } from "@topdog/contracts/quota";
import type { Bucket } from "../domain/bucket.ts";
import type { CreatedLease, Lease, NewLease } from "../domain/lease.ts";
import { closeTallies, type Tallies } from "../domain/tally.ts";
import type { UsedBucket } from "../domain/usage-news.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";
import type { QuotaDeps } from "./deps.ts";

/** To be acted on after the commit. */
export interface Aftermath {
  readonly created: readonly CreatedLease[];
  readonly freed: readonly Bucket[];
  /** Buckets of plans of which more, or less, is used than before. */
  readonly used: readonly UsedBucket[];
}

/** Writes everything that moved, and the event of each bucket that gave its last token. */
export async function writeMovements(
  tx: QuotaTransaction,
  tallies: Tallies,
  leases: readonly Lease[],
  newLeases: readonly NewLease[],
): Promise<Aftermath> {
  const { changes, draws, freed, spent } = closeTallies(tallies);
  const created = await tx.applyMovements({ buckets: changes, leases, newLeases });
  if (draws.length > 0) await tx.applyDraws(draws);
  if (spent.length > 0) await tx.publishExhausted(spent);
  const used = changes.flatMap(({ owner, meter, day, settled, after }): UsedBucket[] =>
    settled === 0 || !isPlanMeter(meter) ? [] : [{ owner, meter, day, limit: after.limit, settled: after.settled }],
  );
  return { created, freed, used };
}

/** A bucket that was called exhausted and is not any more: gateways must forget it. What was used is shown. */
export function announce(deps: Pick<QuotaDeps, "recall" | "usageNews">, aftermath: Aftermath): void {
  for (const bucket of aftermath.used) deps.usageNews.used(bucket);
  for (const { owner, meter } of aftermath.freed) deps.recall({ owner, meter, reason: "limit_changed" });
}
