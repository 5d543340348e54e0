import { type PlanId, plans } from "@topdog/contracts/plans";
import { type ChargeSource, type PlanMeter, planMeters, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Ceiling } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { type Counter, counterKey, freeTokens } from "../domain/bucket.ts";
import { type FairShare, shareFor } from "../domain/fair-share.ts";
import type { Account } from "../domain/place.ts";
import { plannedBucket } from "../domain/planned-bucket.ts";
import { findBuckets, readClock } from "../store/buckets.ts";
import { readDraws } from "../store/draws.ts";
import { findEntitlements } from "../store/entitlements.ts";

export interface LimitLine {
  readonly orgId: string | null;
  readonly source: ChargeSource;
  readonly meter: PlanMeter;
  readonly limit: number;
  /** As counted in the ledger: reports that are under way are missing. */
  readonly used: number;
  readonly plan: PlanId;
  /** Of an org's bucket: the caller's share while others draw from it too. */
  readonly share: FairShare | null;
}

/** How many calls of one caller may run at once. */
export interface ConcurrencyLine extends Pick<LimitLine, "orgId" | "plan"> {
  readonly limit: number;
}

/** A ceiling of calls a day. */
export interface CeilingLine extends Pick<LimitLine, "limit" | "used">, Pick<Ceiling, "setBy"> {
  readonly on: "key" | "member";
}

export interface Limits {
  readonly day: string;
  readonly ceilings: readonly CeilingLine[];
  readonly lines: readonly LimitLine[];
  readonly concurrency: readonly ConcurrencyLine[];
}

interface Asked extends Pick<Counter, "owner">, Pick<LimitLine, "orgId" | "source" | "meter"> {
  readonly member: string | null;
}

function askedOf({ orgId, personal, pool, member }: Account): Asked[] {
  const asked: Asked[] = [];
  for (const meter of planMeters) {
    if (personal !== null) asked.push({ orgId, source: "personal", owner: personal, meter, member });
  }
  if (pool !== null) asked.push({ orgId, source: "org_pool", owner: pool, meter: "api_calls", member });
  return asked;
}

/** The buckets that calls of these accounts are charged to today, in the order in which they are used, and what counts besides. */
export async function readLimits(
  db: Database,
  accounts: readonly Account[],
  ceilings: readonly Ceiling[],
): Promise<Limits> {
  const asked = accounts.flatMap(askedOf);
  const { today, nowMs } = await readClock(db);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const pools = asked
    .filter(({ source }) => source === "org_pool")
    .map(({ owner, meter }) => ({ owner, meter, day: today }));
  const [found, entitlements, draws] = await Promise.all([
    findBuckets(db, today, [...owners, ...ceilings.map(({ owner }) => owner)]),
    findEntitlements(db, owners.map(subscriptionOwnerOf)),
    pools.length === 0 ? [] : readDraws(db, pools),
  ]);
  const lines = asked.map(({ orgId, source, owner, meter, member }): LimitLine => {
    const bucket = found.find((one) => counterKey(one) === counterKey({ owner, meter }));
    // Nothing was used today where there is no bucket yet.
    const planned = plannedBucket({ owner, meter }, entitlements);
    const { limit, settled, escrow } = bucket ?? { limit: planned.limit, settled: 0, escrow: 0 };
    const ofPool = draws.filter((draw) => draw.owner === owner);
    const free = freeTokens({ limit, settled, escrow });
    const hasShare = source === "org_pool" && member !== null;
    const share = hasShare ? shareFor(member, ofPool, { limit, free, nowMs }) : null;
    return { orgId, source, meter, limit, used: settled, plan: bucket?.plan ?? planned.plan, share };
  });
  const concurrency = lines
    .filter(({ source, meter }) => source === "personal" && meter === "api_calls")
    .map(({ orgId, plan }) => ({ orgId, plan, limit: plans[plan].concurrentRequests }));
  const capped = ceilings.map(({ owner, limit, setBy }): CeilingLine => {
    const used = found.find((one) => one.owner === owner)?.settled ?? 0;
    return { on: owner.startsWith("key:") ? "key" : "member", setBy, limit, used };
  });
  return { day: today, lines, ceilings: capped, concurrency };
}
