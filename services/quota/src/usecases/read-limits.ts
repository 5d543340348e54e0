import { type PlanId, plans } from "@topdog/contracts/plans";
import { type ChargeSource, type Meter, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Database } from "@topdog/postgres/pool";
import { type Counter, counterKey } from "../domain/bucket.ts";
import type { Account } from "../domain/place.ts";
import { plannedBucket } from "../domain/planned-bucket.ts";
import { findBuckets, readClock } from "../store/buckets.ts";
import { findEntitlements } from "../store/entitlements.ts";

export interface LimitLine {
  readonly orgId: string | null;
  readonly source: ChargeSource;
  readonly meter: Meter;
  readonly limit: number;
  /** As counted in the ledger: reports that are under way are missing. */
  readonly used: number;
  readonly plan: PlanId;
}

/** How many calls of one caller may run at once. */
export interface ConcurrencyLine extends Pick<LimitLine, "orgId" | "plan"> {
  readonly limit: number;
}

export interface Limits {
  readonly day: string;
  readonly lines: readonly LimitLine[];
  readonly concurrency: readonly ConcurrencyLine[];
}

interface Asked extends Counter, Pick<LimitLine, "orgId" | "source"> {}

function askedOf({ orgId, personal, pool }: Account): Asked[] {
  const asked: Asked[] = [];
  for (const meter of ["api_calls", "llm_requests"] as const) {
    if (personal !== null) asked.push({ orgId, source: "personal", owner: personal, meter });
  }
  if (pool !== null) asked.push({ orgId, source: "org_pool", owner: pool, meter: "api_calls" });
  return asked;
}

/** The buckets that calls of these accounts are charged to today, in the order in which they are used. */
export async function readLimits(db: Database, accounts: readonly Account[]): Promise<Limits> {
  const asked = accounts.flatMap(askedOf);
  const { today } = await readClock(db);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const [found, entitlements] = await Promise.all([
    findBuckets(db, today, owners),
    findEntitlements(db, owners.map(subscriptionOwnerOf)),
  ]);
  const lines = asked.map(({ orgId, source, owner, meter }): LimitLine => {
    const bucket = found.find((one) => counterKey(one) === counterKey({ owner, meter }));
    // Nothing was used today where there is no bucket yet.
    const { plan, limit } = bucket ?? plannedBucket({ owner, meter }, entitlements);
    return { orgId, source, meter, limit, used: bucket?.settled ?? 0, plan };
  });
  const concurrency = lines
    .filter(({ source, meter }) => source === "personal" && meter === "api_calls")
    .map(({ orgId, plan }) => ({ orgId, plan, limit: plans[plan].concurrentRequests }));
  return { day: today, lines, concurrency };
}
