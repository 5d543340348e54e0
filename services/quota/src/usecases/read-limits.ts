import type { PlanId } from "@topdog/contracts/plans";
import { type ChargeSource, type Meter, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { type Counter, counterKey } from "../domain/bucket.ts";
import { plannedBucket } from "../domain/planned-bucket.ts";
import { findBuckets, readClock } from "../store/buckets.ts";
import { findEntitlements } from "../store/entitlements.ts";

export interface LimitLine {
  readonly source: ChargeSource;
  readonly meter: Meter;
  readonly limit: number;
  /** As counted in the ledger: reports that are under way are missing. */
  readonly used: number;
  readonly plan: PlanId;
}

export interface Limits {
  readonly day: string;
  readonly lines: readonly LimitLine[];
}

/** The buckets that the caller's calls are charged to today, in the order in which they are used. */
export async function readLimits(db: Database, { personal, org }: Principal["buckets"]): Promise<Limits> {
  const asked: (Counter & { source: ChargeSource })[] = [
    { source: "personal", owner: personal, meter: "api_calls" },
    { source: "personal", owner: personal, meter: "llm_requests" },
  ];
  if (org !== null) asked.push({ source: "org_pool", owner: org, meter: "api_calls" });
  const { today } = await readClock(db);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const [found, entitlements] = await Promise.all([
    findBuckets(db, today, owners),
    findEntitlements(db, owners.map(subscriptionOwnerOf)),
  ]);
  const lines = asked.map(({ source, owner, meter }): LimitLine => {
    const bucket = found.find((one) => counterKey(one) === counterKey({ owner, meter }));
    // Nothing was used today where there is no bucket yet.
    const { plan, limit } = bucket ?? plannedBucket({ owner, meter }, entitlements);
    return { source, meter, limit, used: bucket?.settled ?? 0, plan };
  });
  return { day: today, lines };
}
