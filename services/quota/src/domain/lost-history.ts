import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { type Bucket, counterKey, keyOf } from "./bucket.ts";
import { creditWindow } from "./grant.ts";
import { type Claim, escrowOf, finish, type Lease } from "./lease.ts";
import { freeNow, type Tally } from "./tally.ts";

/** A lease that its gateway held and that a restored database does not know. */
export type LostLease = Pick<Lease, "leaseId" | "owner" | "meter" | "day" | "gatewayId" | "member" | "window">;

interface Message {
  readonly gatewayId: string;
  readonly leases: readonly LeaseReport[];
}

/**
 * The leases of this message that show that the database has lost a part of its history: those that gateways hold and it does not
 * know, and those that gateways held. `known`: the leases that the message names, as far as there are any.
 */
export function foreignLeases(
  { gatewayId, leases }: Message,
  known: readonly Lease[],
): { held: string[]; ended: string[] } {
  const own = new Set(known.filter((lease) => lease.gatewayId === gatewayId).map(nameOf));
  return {
    held: leases.flatMap(({ leaseId, ...of }) =>
      leaseId === null || own.has(nameOf({ leaseId, ...of })) ? [] : leaseId,
    ),
    ended: leases.flatMap(({ endedLeaseId }) => endedLeaseId ?? []),
  };
}

const nameOf = ({ leaseId, ...of }: Pick<Lease, "leaseId" | "owner" | "meter">): string =>
  `${leaseId} ${counterKey(of)}`;

/** The leases to be made again, so that their gateways' last reports can be settled: of calls, and of days that are served. */
export function lostLeases(message: Message, known: readonly Lease[], served: readonly Bucket[]): LostLease[] {
  const { gatewayId, leases } = message;
  const ids = new Set(known.map(({ leaseId }) => leaseId));
  const bucketOf = new Map(served.map((bucket) => [keyOf(bucket), bucket]));
  return leases.flatMap(({ owner, meter, member = null, leaseId, used, told }) => {
    if (leaseId === null || told === undefined || used === 0 || ids.has(leaseId)) return [];
    const bucket = bucketOf.get(keyOf({ owner, meter, day: told.day }));
    if (bucket === undefined) return [];
    return { leaseId, owner, meter, day: told.day, gatewayId, member, window: creditWindow(bucket.limit) };
  });
}

/** The gateway was told more of its lease than is known here: the database was restored from a backup since. */
const isOfLostHistory = (lease: Lease, { told }: LeaseReport): boolean =>
  told !== undefined && (told.size > lease.size || told.reported > lease.reported);

/** Judges the last reports of leases of which a part was lost; null: nothing was, and the report is judged as any other. */
export type JudgeLost = (lease: Lease, report: LeaseReport, tally: Tally) => Claim | null;

/**
 * Of such a lease its gateway knows better than the database what was granted and used. The tokens that are missing come from what the lease has in escrow
 * and from what its bucket has free; seqs beyond these are not charged. Of one message: what one lease was given another one is not.
 */
export function openLostHistory(): JudgeLost {
  const left = new Map<Tally, number>();
  return (lease, report, tally) => {
    const { used, told } = report;
    if (told === undefined || !isOfLostHistory(lease, report)) return null;
    if (used > told.size) return { kind: "violation", reason: "used_beyond_size" };
    const free = left.get(tally) ?? freeNow(tally);
    const to = Math.min(used, lease.reported + escrowOf(lease) + free);
    if (to < lease.highest) return { kind: "violation", reason: "final_below_ledger" };
    left.set(tally, free - Math.max(0, to - lease.reported - escrowOf(lease)));
    return { kind: "settle", from: lease.reported + 1, to };
  };
}

/** Ends the lease as judged: seqs 1..to are in the ledger now, `inserted` of them were new there. */
export function settleLost(before: Lease, to: number, inserted: number): Lease {
  const acked = before.acked + inserted;
  return finish({ ...before, size: Math.max(before.size, acked), acked, reported: to, highest: to });
}
