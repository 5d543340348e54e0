import type { PlanId } from "@topdog/contracts/plans";
import type { ChargeSource, Meter } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { counterKey, type Counter, findBuckets, plannedLimits, readClock } from "../store/buckets.ts";

export interface LimitLine {
  readonly source: ChargeSource;
  readonly meter: Meter;
  readonly limit: number;
  /** In the ledger, so behind the gateways by the reports that are under way. */
  readonly used: number;
  readonly plan: PlanId;
}

export interface Limits {
  readonly day: string;
  readonly lines: readonly LimitLine[];
}

/** The buckets that the caller's calls are charged to today, in the order in which they are used. */
export async function readLimits(db: Database, { buckets: { personal, orgPool } }: Principal): Promise<Limits> {
  const asked: (Counter & { source: ChargeSource })[] = [
    { source: "personal", owner: personal, meter: "api_calls" },
    { source: "personal", owner: personal, meter: "llm_requests" },
  ];
  if (orgPool !== null) asked.push({ source: "org_pool", owner: orgPool, meter: "api_calls" });
  const { today } = await readClock(db);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const [found, planned] = await Promise.all([findBuckets(db, today, owners), plannedLimits(db, asked)]);
  const lines = asked.map(({ source, owner, meter }, index): LimitLine => {
    // Nothing was used today where there is no bucket yet.
    const bucket = found.find((one) => counterKey(one) === counterKey({ owner, meter }));
    const plan = bucket?.plan ?? planned[index]?.plan ?? "free";
    return { source, meter, limit: bucket?.limit ?? planned[index]?.limit ?? 0, used: bucket?.settled ?? 0, plan };
  });
  return { day: today, lines };
}
