import { type LeaseGrant, type LeaseReport, type PoolShare, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { Meter } from "@topdog/contracts/quota";
import type { Bus } from "@topdog/messaging/connect";
import { serveRpc } from "@topdog/messaging/rpc";
import { silentLogger } from "@topdog/testing/logger";

interface ToldLease {
  readonly id: string;
  readonly bucket: string;
  readonly gatewayId: string;
  readonly member: string | undefined;
  readonly day: string;
  used: number;
  returned: number;
  isOpen: boolean;
}

export interface ScriptedQuota {
  /** Every gateway that asks for a lease of this bucket is granted so many tokens, all at once and no more. */
  grant(owner: string, meter: Meter, tokens: number): void;
  /** What members of this org are told of their share. */
  share(owner: string, share: PoolShare): void;
  /** Calls that gateways reported. */
  used(owner: string, meter: Meter): number;
  /** Tokens that gateways gave back unused. */
  returned(owner: string, meter: Meter): number;
  /** Tokens that gateways have neither used nor given back. */
  held(owner: string, meter: Meter): number;
  syncs(): number;
  /** Every gateway gets so many concurrent requests of this owner; 1,000 unless stated. */
  allow(owner: string, concurrentRequests: number): void;
  /** The database's clock runs from here on. */
  setNow(unixMs: number): void;
  stop(): Promise<void>;
}

/**
 * Answers lease reports on the real bus with what the test stated, and decides nothing: no gateway's lease counts against
 * another's. What quota decides is proved with its own code in proofs/ and e2e/. At most `window` calls may be unreported.
 */
export function startScriptedQuota(bus: Bus, window: number): ScriptedQuota {
  const granted = new Map<string, number>();
  const shares = new Map<string, PoolShare>();
  const leases: ToldLease[] = [];
  let syncs = 0;
  let clockOffsetMs = 0;
  const nowMs = (): number => Date.now() + clockOffsetMs;
  const today = (): string => new Date(nowMs()).toISOString().slice(0, 10);
  const keyOf = (owner: string, meter: Meter): string => `${meter}|${owner}`;
  const heldOf = ({ bucket, used, returned, isOpen }: ToldLease): number =>
    isOpen ? (granted.get(bucket) ?? 0) - used - returned : 0;
  const sumOf = (owner: string, meter: Meter, count: (lease: ToldLease) => number): number =>
    leases.filter(({ bucket }) => bucket === keyOf(owner, meter)).reduce((sum, lease) => sum + count(lease), 0);

  function leaseOf(gatewayId: string, bucket: string, { leaseId, member, want }: LeaseReport): ToldLease | undefined {
    const isOwn = (one: ToldLease): boolean =>
      one.isOpen && one.gatewayId === gatewayId && one.bucket === bucket && one.member === member;
    const known = leases.findLast((one) => (leaseId === null ? isOwn(one) : one.id === leaseId));
    if (known !== undefined || leaseId !== null || want === 0 || (granted.get(bucket) ?? 0) === 0) return known;
    const id = String(leases.length + 1);
    const lease = { id, bucket, gatewayId, member, day: today(), used: 0, returned: 0, isOpen: true };
    leases.push(lease);
    return lease;
  }

  function answer(gatewayId: string, report: LeaseReport): LeaseGrant {
    const { owner, meter, member, leaseId, want, close } = report;
    const bucket = keyOf(owner, meter);
    if (report.ceiling !== undefined) granted.set(bucket, report.ceiling.limit);
    const limit = granted.get(bucket) ?? 0;
    const lease = leaseOf(gatewayId, bucket, report);
    const ofMember = member === undefined ? {} : { member, share: shares.get(owner) };
    const shared = { owner, meter, ...ofMember, window, limit, plan: meter === "capped_calls" ? null : "pro" } as const;
    if (lease === undefined) {
      const status = want > 0 ? "exhausted" : "ok";
      return { ...shared, leaseId, state: null, day: today(), size: 0, returned: 0, reported: 0, remaining: 0, status };
    }
    if (leaseId !== null) {
      lease.used = Math.max(lease.used, report.used);
      lease.returned = Math.max(lease.returned, report.returned);
      lease.isOpen &&= !close && lease.day === today();
    }
    return {
      ...shared,
      leaseId: lease.id,
      state: lease.isOpen ? "open" : "closed",
      day: lease.day,
      size: limit,
      returned: lease.returned,
      reported: lease.used,
      remaining: heldOf(lease),
      // The first answer grants everything, so a request for more gets nothing.
      status: leaseId !== null && lease.isOpen && want > 0 ? "exhausted" : "ok",
    };
  }

  const server = serveRpc(bus, syncLeases, {
    maxInFlight: 64,
    logger: silentLogger(),
    handle: async ({ gatewayId, leases: reports }) => {
      syncs += 1;
      return { nowMs: nowMs(), day: today(), leases: reports.map((report) => answer(gatewayId, report)) };
    },
  });
  const allowed = new Map<string, number>();
  const permits = serveRpc(bus, takePermits, {
    maxInFlight: 64,
    logger: silentLogger(),
    handle: async ({ asks }) => ({
      grants: asks.map(({ owner, running, held, want }) => {
        const limit = allowed.get(owner) ?? 1_000;
        return { owner, held: Math.max(running, Math.min(held + want, limit)), limit, others: 0 };
      }),
    }),
  });
  return {
    allow: (owner, concurrentRequests) => void allowed.set(owner, concurrentRequests),
    share: (owner, share) => void shares.set(owner, share),
    grant: (owner, meter, tokens) => void granted.set(keyOf(owner, meter), tokens),
    used: (owner, meter) => sumOf(owner, meter, (lease) => lease.used),
    returned: (owner, meter) => sumOf(owner, meter, (lease) => lease.returned),
    held: (owner, meter) => sumOf(owner, meter, heldOf),
    syncs: () => syncs,
    setNow: (unixMs) => {
      clockOffsetMs = unixMs - Date.now();
    },
    stop: async () => {
      await Promise.all([server.stop(), permits.stop()]);
    },
  };
}
