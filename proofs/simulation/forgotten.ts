import { type BucketKey, keyOf } from "@topdog/quota/domain/bucket";
import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { LeaseRecord, MemoryTables } from "../support/memory-tables.ts";
import { type AdmittedCall, heldBy, type SimulatedGateway } from "./gateway.ts";
import type { Process } from "./process.ts";

/** Whose tokens a lease holds: never changed, in no history of the database. */
export type Grant = Pick<LeaseRecord, "leaseId" | "owner" | "meter" | "day" | "member" | "gatewayId">;

/**
 * What a restore took from the database, and what of that nobody can tell it: the calls of gateways that died, or whose leases had ended, before they
 * heard of it. All else must be written again.
 */
export interface Forgotten {
  /** As it was granted, in whichever history. */
  readonly grantOf: (leaseId: string) => Grant | undefined;
  /** The database knew it otherwise than it was restored. */
  readonly isForgotten: (leaseId: string) => boolean;
  /** `leaseId:seq` need not be in the ledger. */
  readonly mayLack: (charge: string) => boolean;
  readonly hasHeard: (process: Process) => boolean;
  readonly noteLease: (lease: LeaseRecord) => void;
  /** Nothing of it is left to give. */
  readonly noteFull: (bucket: BucketKey) => void;
  readonly admitted: (call: AdmittedCall) => void;
  /** `before`: what the tables held until then. */
  readonly restored: (before: MemoryTables, gateways: readonly SimulatedGateway[]) => void;
  /** The gateway is about to read an answer of the restored database. */
  readonly heard: (gateway: SimulatedGateway) => void;
  /** The gateway's last words on a lease were answered on this day. */
  readonly told: (report: LeaseReport, today: string) => void;
  readonly died: (process: Process) => void;
}

interface Taken {
  readonly charge: string;
  readonly leaseId: string;
  readonly process: Process;
}

/** `isLive`: the tables show each commit at once. */
export function createForgotten(tables: MemoryTables, isLive: boolean): Forgotten {
  const grants = new Map<string, Grant>();
  const forgotten = new Set<string>();
  const full = new Set<string>();
  const taken: Taken[] = [];
  const untellable = new Set<string>();
  /** They have had no answer since the last restore. */
  const unheard = new Set<Process>();
  let wasRestored = false;

  const isInLedger = ({ charge }: Taken): boolean => tables.ledger.has(`${charge}:charge`);
  const giveUp = (isLost: (one: Taken) => boolean): void => {
    for (const one of taken) if (!isInLedger(one) && isLost(one)) untellable.add(one.charge);
  };
  const noteLease = ({ leaseId, owner, meter, day, member, gatewayId }: LeaseRecord): void => {
    if (!grants.has(leaseId)) grants.set(leaseId, { leaseId, owner, meter, day, member, gatewayId });
  };

  return {
    grantOf: (leaseId) => grants.get(leaseId),
    isForgotten: (leaseId) => forgotten.has(leaseId),
    mayLack: (charge) => {
      if (untellable.has(charge)) return true;
      const grant = grants.get(charge.slice(0, charge.indexOf(":")));
      // A bucket that was full between two looks was never seen.
      return grant !== undefined && forgotten.has(grant.leaseId) && (full.has(keyOf(grant)) || !isLive);
    },
    hasHeard: (process) => !unheard.has(process),
    noteLease,
    noteFull: (bucket) => {
      if (wasRestored) full.add(keyOf(bucket));
    },
    admitted: ({ gateway: { process }, charges }) => {
      for (const { leaseId, seq } of charges) taken.push({ charge: `${leaseId}:${seq}`, leaseId, process });
    },
    restored: (before, gateways) => {
      wasRestored = true;
      for (const lease of before.leases.values()) {
        noteLease(lease);
        if (!isSame(lease, tables.leases.get(lease.leaseId))) forgotten.add(lease.leaseId);
      }
      for (const { process } of gateways) unheard.add(process);
      giveUp(({ process }) => !process.isAlive);
    },
    heard: (gateway) => {
      if (!unheard.delete(gateway.process)) return;
      const held = heldBy(gateway);
      giveUp(({ process, leaseId }) => process === gateway.process && !held.has(leaseId));
    },
    // Leases are made again only of days that are served.
    told: ({ leaseId, told }, today) => {
      if (told === undefined || told.day === today || leaseId === null || !forgotten.has(leaseId)) return;
      giveUp((one) => one.leaseId === leaseId);
    },
    died: (dead) => {
      if (!wasRestored) return;
      const hadHeard = !unheard.delete(dead);
      giveUp(({ process, leaseId }) => process === dead && (!hadHeard || forgotten.has(leaseId)));
    },
  };
}

/** But for when it was written. */
function isSame(before: LeaseRecord, after: LeaseRecord | undefined): boolean {
  if (after === undefined) return false;
  const names = Object.keys(before) as (keyof LeaseRecord)[];
  return names.every((name) => name === "touchedAtMs" || before[name] === after[name]);
}
