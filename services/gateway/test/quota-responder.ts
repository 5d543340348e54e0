import { syncLeases, type LeaseGrant, type LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Meter } from "@topdog/contracts/quota";
import type { Bus } from "@topdog/messaging/connect";
import { serveRpc } from "@topdog/messaging/rpc";
import { sendSignal } from "@topdog/messaging/signal";
import { silentLogger } from "@topdog/testing/logger";

interface HeldLease {
  readonly id: string;
  readonly gatewayId: string;
  readonly day: string;
  size: number;
  returned: number;
  reported: number;
  closed: boolean;
}
interface Bucket {
  limit: number;
  leases: HeldLease[];
}

export interface QuotaResponder {
  setLimit(owner: string, meter: Meter, limit: number): void;
  /** Ledger rows of a bucket: exactly the tokens that were admitted and reported. */
  spent(owner: string, meter: Meter): number;
  openTokens(owner: string, meter: Meter): number;
  syncs(): number;
  /** The database's clock runs from here on. */
  setNow(unixMs: number): void;
  stop(): Promise<void>;
}

/** quota's side of the leases as an exact in-memory counter, over the real bus. Grants at most `maxGrant`, `window` unreported. */
export function startQuotaResponder(bus: Bus, { maxGrant = 8, window = 4 } = {}): QuotaResponder {
  const buckets = new Map<string, Bucket>();
  let nextId = 1;
  let syncs = 0;
  let clockOffsetMs = 0;
  const nowMs = (): number => Date.now() + clockOffsetMs;
  const today = (): string => new Date(nowMs()).toISOString().slice(0, 10);
  const bucketOf = (owner: string, meter: string): Bucket => {
    const key = `${meter}|${owner}`;
    const bucket = buckets.get(key) ?? { limit: 0, leases: [] };
    buckets.set(key, bucket);
    return bucket;
  };
  const openOf = (lease: HeldLease): number => (lease.closed ? 0 : lease.size - lease.returned - lease.reported);
  const ofDay = (bucket: Bucket): HeldLease[] => bucket.leases.filter((one) => one.day === today());
  const spentOf = (bucket: Bucket): number => ofDay(bucket).reduce((sum, one) => sum + one.reported, 0);
  const freeOf = (bucket: Bucket): number =>
    bucket.limit - spentOf(bucket) - ofDay(bucket).reduce((sum, one) => sum + openOf(one), 0);

  function find(bucket: Bucket, gatewayId: string, report: LeaseReport): HeldLease | null {
    if (report.leaseId !== null) return bucket.leases.find((one) => one.id === report.leaseId) ?? null;
    const open = ofDay(bucket).find((one) => one.gatewayId === gatewayId && !one.closed);
    if (open !== undefined) return open;
    if (report.want === 0 || freeOf(bucket) <= 0) return null;
    const numbers = { size: 0, returned: 0, reported: 0, closed: false };
    const lease: HeldLease = { id: String(nextId++), gatewayId, day: today(), ...numbers };
    bucket.leases.push(lease);
    return lease;
  }

  function answer(gatewayId: string, report: LeaseReport): LeaseGrant {
    const bucket = bucketOf(report.owner, report.meter);
    const lease = find(bucket, gatewayId, report);
    if (lease !== null && report.leaseId === lease.id) {
      if (report.used > lease.size - report.returned) throw new Error("a gateway admitted what it does not hold");
      lease.reported = Math.max(lease.reported, report.used);
      lease.returned = Math.max(lease.returned, report.returned);
      lease.closed ||= report.close || lease.day !== today();
    }
    let granted = 0;
    if (lease !== null && !lease.closed) {
      granted = Math.max(0, Math.min(report.want, maxGrant, freeOf(bucket)));
      lease.size += granted;
    }
    const others = ofDay(bucket).filter((one) => one !== lease && openOf(one) > 0);
    const isShort = report.want > 0 && granted === 0 && !(lease?.closed ?? false);
    if (isShort && others.length > 0) {
      sendSignal(bus, quotaRecalled, { owner: report.owner, meter: report.meter, reason: "tail" });
    }
    return {
      owner: report.owner,
      meter: report.meter,
      leaseId: lease?.id ?? null,
      state: lease === null ? null : lease.closed ? "closed" : "open",
      day: lease?.day ?? today(),
      size: lease?.size ?? 0,
      returned: lease?.returned ?? 0,
      reported: lease?.reported ?? 0,
      window,
      limit: bucket.limit,
      remaining: Math.max(0, freeOf(bucket)) + (lease === null ? 0 : openOf(lease)),
      status: isShort ? (others.length > 0 ? "contended" : "exhausted") : "ok",
      plan: "pro",
    };
  }

  const server = serveRpc(bus, syncLeases, {
    maxInFlight: 64,
    logger: silentLogger(),
    handle: async ({ gatewayId, leases }) => {
      syncs += 1;
      const grants = leases.map((report) => answer(gatewayId, report));
      return { nowMs: nowMs(), day: today(), leases: grants };
    },
  });
  return {
    setLimit: (owner, meter, limit) => {
      bucketOf(owner, meter).limit = limit;
    },
    spent: (owner, meter) => spentOf(bucketOf(owner, meter)),
    openTokens: (owner, meter) => ofDay(bucketOf(owner, meter)).reduce((sum, one) => sum + openOf(one), 0),
    syncs: () => syncs,
    setNow: (unixMs) => {
      clockOffsetMs = unixMs - Date.now();
    },
    stop: () => server.stop(),
  };
}
