import { keyOf } from "@topdog/quota/domain/bucket";
import { escrowOf, openTokens } from "@topdog/quota/domain/lease";
import type { BucketRecord, LeaseRecord, MemoryTables } from "../support/memory-tables.ts";
import type { Forgotten } from "./forgotten.ts";
import type { AdmittedCall, SimulatedGateway } from "./gateway.ts";

/** Takes note of what is not as it must be; the first one counts. Whoever is at work then goes on: it knows nothing of the watch. */
export type Broken = (guarantee: string, problem: string) => void;

export interface Watch {
  /** At each commit: what it touched. */
  readonly committed: (bucketKeys: ReadonlySet<string>) => void;
  /** At each call that a gateway lets through. */
  readonly admitted: (call: AdmittedCall) => void;
  /** After each step. */
  readonly looked: (gateways: readonly SimulatedGateway[]) => void;
  /** The tables are those of a backup. */
  readonly restored: () => void;
  /** All has been calm for so long that everybody has heard of everything. */
  readonly calmed: (gateways: readonly SimulatedGateway[]) => void;
  /** `leaseId:seq` of every token that a call took. */
  readonly charges: ReadonlySet<string>;
}

/** The database's, and the latest that any gateway can know of it. */
export interface Clocks {
  readonly databaseMs: () => number;
  readonly latestMs: () => number;
}

export interface WatchDeps {
  readonly tables: MemoryTables;
  /** The tables show each commit at once, and not after each step only. */
  readonly isLive: boolean;
  readonly clocks: Clocks;
  readonly forgotten: Forgotten;
  readonly broken: Broken;
}

/** A clock that is off by one in a hundred, of a gateway that heard nothing for more than a minute. */
const mostFastMs = 1_000;

const heldSeqs = ({ size, returned }: LeaseRecord): number => size - returned;

/**
 * The guarantees that hold at every moment, checked by what each commit and each call changed: the cost of a check follows the change,
 * so that it is made at every one of them.
 */
export function createWatch({ tables, isLive, clocks, forgotten, broken }: WatchDeps): Watch {
  const { databaseMs, latestMs } = clocks;
  /** Of the last hour, and of the day's last hour for as long as the day has left. */
  const wouldDraw = (askedMs: number): boolean => {
    const leftMs = 86_400_000 - (databaseMs() % 86_400_000);
    return askedMs >= databaseMs() - Math.min(3_600_000, leftMs);
  };
  const assertThat = (holds: boolean, guarantee: string, problem: () => string): void => {
    if (!holds) broken(guarantee, problem());
  };
  const charges = new Set<string>();
  /** Of each lease: how many tokens calls took, and the highest. */
  const taken = new Map<string, { count: number; highest: number }>();
  const highestLimits = new Map<string, number>();
  /** Of each bucket: what its members had drawn at the commit before, by leases of which nothing was forgotten. */
  const drawnBefore = new Map<string, ReadonlyMap<string, number>>();
  const closedSizes = new Map<string, number>();
  /** The lease that a gateway had of a bucket when it last admitted from it. */
  const current = new Map<string, string>();
  const ended = new Set<string>();

  const takenOf = (leaseId: string): { count: number; highest: number } =>
    taken.get(leaseId) ?? { count: 0, highest: 0 };

  /** Of a lease: what callers got of it and were not given back; of a forgotten one: as far as it has tokens of the bucket. */
  function gotOf(leaseId: string): number {
    const lease = tables.leases.get(leaseId);
    const { count } = takenOf(leaseId);
    const got = lease !== undefined && forgotten.isForgotten(leaseId) ? Math.min(count, heldSeqs(lease)) : count;
    return got - (tables.ledgerSums.get(leaseId)?.refunds ?? 0);
  }

  /** What callers got of a bucket and were not given back never exceeds the highest limit that it had. */
  function neverOversold(key: string): void {
    // A limit that was raised and lowered between two looks was never seen.
    if (!isLive) return;
    const bucket = tables.buckets.get(key);
    if (bucket === undefined) return;
    const limit = Math.max(bucket.limit, highestLimits.get(key) ?? 0);
    highestLimits.set(key, limit);
    const got = (tables.leasesOf.get(key) ?? []).reduce((sum, leaseId) => sum + gotOf(leaseId), 0);
    noteFull(bucket);
    assertThat(
      got <= limit && bucket.settled + bucket.escrow <= limit,
      "neverOversold",
      () => `${key}: limit ${limit}, admitted ${got}, settled ${bucket.settled}, in escrow ${bucket.escrow}`,
    );
  }

  function noteFull(bucket: BucketRecord): void {
    if (bucket.settled + bucket.escrow >= bucket.limit) forgotten.noteFull(bucket);
  }

  /** A token is in one place: free, in escrow with a lease, or settled in the ledger; and each lease adds up. */
  function tokensAreConserved(key: string): void {
    const bucket = tables.buckets.get(key);
    if (bucket === undefined) return;
    let escrow = 0;
    let settled = 0;
    for (const leaseId of tables.leasesOf.get(key) ?? []) {
      const lease = tables.leases.get(leaseId);
      if (lease === undefined) continue;
      const { charges: charged, refunds } = tables.ledgerSums.get(leaseId) ?? { charges: 0, refunds: 0 };
      escrow += escrowOf(lease);
      settled += charged - refunds;
      const isWhole = openTokens(lease) >= 0 && (lease.state === "open" || openTokens(lease) === 0);
      assertThat(isWhole && lease.acked === charged, "tokensAreConserved", () => JSON.stringify({ ...lease, charged }));
      noIdTwice(lease);
      endedLeaseStaysEnded(lease);
      admittedTokensAreKept(lease);
    }
    assertThat(
      escrow === bucket.escrow && settled === bucket.settled,
      "tokensAreConserved",
      () => `${key}: settled ${bucket.settled} of ${settled}, escrow ${bucket.escrow} of ${escrow}`,
    );
  }

  const drawnBy = (lease: LeaseRecord): number =>
    heldSeqs(lease) - (tables.ledgerSums.get(lease.leaseId)?.refunds ?? 0);

  /** What members drew of a bucket by grants that are known: what a gateway tells that it had is no grant. */
  function granted(key: string): ReadonlyMap<string, number> {
    const members = new Map<string, number>();
    for (const leaseId of tables.leasesOf.get(key) ?? []) {
      const lease = tables.leases.get(leaseId);
      if (lease === undefined || lease.member === null || forgotten.isForgotten(leaseId)) continue;
      members.set(lease.member, (members.get(lease.member) ?? 0) + drawnBy(lease));
    }
    return members;
  }

  /** What a member has drawn is what their leases took of the bucket. */
  function drawsAgree(key: string): void {
    const members = new Map<string, number>();
    for (const leaseId of tables.leasesOf.get(key) ?? []) {
      const lease = tables.leases.get(leaseId);
      if (lease === undefined || lease.member === null) continue;
      members.set(lease.member, (members.get(lease.member) ?? 0) + drawnBy(lease));
    }
    for (const { member, drawn } of tables.draws.get(key)?.values() ?? []) {
      const expected = members.get(member) ?? 0;
      assertThat(drawn === expected, "drawsAgree", () => `${key}: ${member} drew ${expected}, not ${drawn}`);
    }
  }

  /** Nobody is granted beyond their share what is kept for others. */
  function sharesAreKept(key: string): void {
    const bucket = tables.buckets.get(key);
    const draws = tables.draws.get(key);
    if (!isLive || bucket === undefined || draws === undefined) return;
    const before = drawnBefore.get(key) ?? new Map<string, number>();
    const now = granted(key);
    drawnBefore.set(key, now);
    const active = [...draws.values()].filter(({ askedMs }) => wouldDraw(askedMs));
    const share = Math.floor(bucket.limit / (2 * Math.max(1, active.length)));
    const free = bucket.limit - bucket.settled - bucket.escrow;
    for (const { member, drawn } of draws.values()) {
      if (drawn <= share || (now.get(member) ?? 0) <= (before.get(member) ?? 0)) continue;
      const others = active.filter((one) => one.member !== member);
      const kept = others.reduce((sum, one) => sum + Math.max(0, share - one.drawn), 0);
      assertThat(free >= kept, "sharesAreKept", () => `${key}: ${member} drew ${drawn}, ${free} of ${kept} are free`);
    }
  }

  /** Two holders of an id could not be told apart. */
  function noIdTwice(lease: LeaseRecord): void {
    forgotten.noteLease(lease);
    const first = forgotten.grantOf(lease.leaseId);
    const isSame =
      first?.gatewayId === lease.gatewayId && keyOf(first) === keyOf(lease) && first.member === lease.member;
    assertThat(isSame, "noIdTwice", () => JSON.stringify({ first, lease }));
  }

  function endedLeaseStaysEnded({ leaseId, state, size }: LeaseRecord): void {
    const closed = closedSizes.get(leaseId);
    const isAsItWas = size === closed || forgotten.isForgotten(leaseId);
    assertThat(
      closed === undefined || (state === "closed" && isAsItWas),
      "endedLeaseStaysEnded",
      () => `lease ${leaseId} was reopened`,
    );
    if (state === "closed") closedSizes.set(leaseId, size);
  }

  /** A token that a call was admitted with is never free, or another lease's. */
  function admittedTokensAreKept(lease: LeaseRecord): void {
    const { leaseId } = lease;
    const { highest } = takenOf(leaseId);
    const isKept = highest <= heldSeqs(lease) || forgotten.isForgotten(leaseId);
    assertThat(isKept, "admittedTokensAreKept", () => `${leaseId}:${highest} is not held any more`);
  }

  /** A gateway never admits past its lease or its credit window. */
  function neverPastTheWindow({ process, slots }: SimulatedGateway): void {
    for (const { key, lease } of slots.values()) {
      assertThat(
        lease.used <= lease.size - lease.returned &&
          lease.reported <= lease.used &&
          lease.used - lease.reported <= lease.window,
        "neverPastTheWindow",
        () => `${process.id} ${key}: ${JSON.stringify(lease)}`,
      );
    }
  }

  function noEndedLeaseComesBack(gateway: SimulatedGateway): void {
    for (const { key, lease } of gateway.slots.values()) {
      const place = `${gateway.process.id} ${key}`;
      const held = current.get(place);
      if (held === (lease.leaseId ?? undefined)) continue;
      if (held !== undefined) ended.add(`${gateway.process.id} ${held}`);
      if (lease.leaseId === null) current.delete(place);
      else current.set(place, lease.leaseId);
      assertThat(
        !ended.has(`${gateway.process.id} ${lease.leaseId}`),
        "endedLeaseStaysEnded",
        () => `${place}: ${lease.leaseId} came back`,
      );
    }
  }

  /** A gateway that has heard of everything holds nothing that the database has forgotten. */
  function onlyWhatIsKnownIsHeld(gateway: SimulatedGateway): void {
    for (const { lease: held } of gateway.everySlot) {
      if (held.leaseId === null) continue;
      const lease = tables.leases.get(held.leaseId);
      const isKnown = lease?.gatewayId === gateway.process.id && lease.size >= held.size;
      assertThat(isKnown, "onlyWhatIsKnownIsHeld", () => JSON.stringify({ at: gateway.process.id, held, lease }));
    }
  }

  return {
    charges,
    committed: (keys) => {
      for (const key of keys) {
        tokensAreConserved(key);
        drawsAgree(key);
        sharesAreKept(key);
        neverOversold(key);
      }
    },
    admitted: (call) => {
      const { gateway, source, day, charges: charged } = call;
      forgotten.admitted(call);
      const [first] = charged;
      const ofPlan = charged.filter(({ meter }) => meter !== "capped_calls");
      const isOfOneOwner = ofPlan.every(({ owner }) => owner === first?.owner);
      const isWhole = source === "personal" ? first?.meter === "api_calls" : ofPlan.length === 1;
      const isCapped = charged.length - ofPlan.length === (first?.owner === "user:dan" ? 1 : 0);
      assertThat(isOfOneOwner && isWhole && isCapped, "allTokensOrNone", () => JSON.stringify(charged));
      const isBegun = Date.parse(day) <= latestMs() + mostFastMs;
      assertThat(isBegun, "neverBeforeItsDay", () => `${gateway.process.id} admitted of ${day} at ${latestMs()}`);
      for (const { leaseId, seq, owner, meter } of charged) {
        const id = `${leaseId}:${seq}`;
        assertThat(!charges.has(id), "noSeqTwice", () => id);
        charges.add(id);
        taken.set(leaseId, { count: takenOf(leaseId).count + 1, highest: Math.max(seq, takenOf(leaseId).highest) });
        if (!isLive) continue;
        const lease = tables.leases.get(leaseId);
        const grant = lease ?? (forgotten.isForgotten(leaseId) ? forgotten.grantOf(leaseId) : undefined);
        if (grant === undefined) return broken("onlyGrantedTokens", `${id} is of no lease`);
        const isRight =
          grant.owner === owner && grant.meter === meter && grant.day === day && grant.gatewayId === gateway.process.id;
        assertThat(isRight, "tokensStayInTheirBucketAndDay", () => JSON.stringify({ id, owner, meter, day, grant }));
        if (lease === undefined) continue;
        admittedTokensAreKept(lease);
        neverOversold(keyOf(lease));
      }
      neverPastTheWindow(gateway);
      noEndedLeaseComesBack(gateway);
    },
    looked: (gateways) => {
      for (const gateway of gateways) {
        neverPastTheWindow(gateway);
        noEndedLeaseComesBack(gateway);
      }
    },
    restored: () => {
      closedSizes.clear();
      for (const { leaseId, state, size } of tables.leases.values())
        if (state === "closed") closedSizes.set(leaseId, size);
      // Also until the first commit: what gateways tell in one message of a lost lease and of tokens that come back is taken in its order.
      for (const bucket of tables.buckets.values()) noteFull(bucket);
      drawnBefore.clear();
      for (const key of tables.buckets.keys()) drawnBefore.set(key, granted(key));
    },
    calmed: (gateways) => {
      for (const gateway of gateways) onlyWhatIsKnownIsHeld(gateway);
    },
  };
}
