import { escrowOf, openTokens } from "@topdog/quota/domain/lease";
import type { LeaseRecord, MemoryTables } from "../support/memory-tables.ts";
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
  /** `leaseId:seq` of every token that a call took. */
  readonly charges: ReadonlySet<string>;
}

/** The database's, and the latest that any gateway can know of it. */
export interface Clocks {
  readonly databaseMs: () => number;
  readonly latestMs: () => number;
}

/** A clock that is off by one in a hundred, of a gateway that heard nothing for more than a minute. */
const mostFastMs = 1_000;

/**
 * The guarantees that hold at every moment, checked by what each commit and each call changed: the cost of a check follows the change,
 * so that it is made at every one of them. `isLive`: the tables show each commit at once, and not after each step only.
 */
export function createWatch(tables: MemoryTables, isLive: boolean, clocks: Clocks, broken: Broken): Watch {
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
  /** Of each bucket: what its members had drawn at the commit before. */
  const drawnBefore = new Map<string, ReadonlyMap<string, number>>();
  const closedSizes = new Map<string, number>();
  /** The lease that a gateway had of a bucket when it last admitted from it. */
  const current = new Map<string, string>();
  const ended = new Set<string>();

  const takenOf = (leaseId: string): { count: number; highest: number } =>
    taken.get(leaseId) ?? { count: 0, highest: 0 };

  /** What callers got of a bucket and were not given back never exceeds the highest limit that it had. */
  function neverOversold(key: string): void {
    // A limit that was raised and lowered between two looks was never seen.
    if (!isLive) return;
    const bucket = tables.buckets.get(key);
    if (bucket === undefined) return;
    const limit = Math.max(bucket.limit, highestLimits.get(key) ?? 0);
    highestLimits.set(key, limit);
    const got = (tables.leasesOf.get(key) ?? []).reduce(
      (sum, leaseId) => sum + takenOf(leaseId).count - (tables.ledgerSums.get(leaseId)?.refunds ?? 0),
      0,
    );
    assertThat(
      got <= limit && bucket.settled + bucket.escrow <= limit,
      "neverOversold",
      () => `${key}: limit ${limit}, admitted ${got}, settled ${bucket.settled}, in escrow ${bucket.escrow}`,
    );
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
      endedLeaseStaysEnded(lease);
      admittedTokensAreKept(lease);
    }
    assertThat(
      escrow === bucket.escrow && settled === bucket.settled,
      "tokensAreConserved",
      () => `${key}: settled ${bucket.settled} of ${settled}, escrow ${bucket.escrow} of ${escrow}`,
    );
  }

  /** What a member has drawn is what their leases took of the bucket. */
  function drawsAgree(key: string): void {
    const members = new Map<string, number>();
    for (const leaseId of tables.leasesOf.get(key) ?? []) {
      const lease = tables.leases.get(leaseId);
      if (lease === undefined || lease.member === null) continue;
      const drawn = lease.size - lease.returned - (tables.ledgerSums.get(leaseId)?.refunds ?? 0);
      members.set(lease.member, (members.get(lease.member) ?? 0) + drawn);
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
    const active = [...draws.values()].filter(({ askedMs }) => wouldDraw(askedMs));
    const share = Math.floor(bucket.limit / (2 * Math.max(1, active.length)));
    const free = bucket.limit - bucket.settled - bucket.escrow;
    for (const { member, drawn } of draws.values()) {
      if (drawn <= share || drawn <= (before.get(member) ?? 0)) continue;
      const others = active.filter((one) => one.member !== member);
      const kept = others.reduce((sum, one) => sum + Math.max(0, share - one.drawn), 0);
      assertThat(free >= kept, "sharesAreKept", () => `${key}: ${member} drew ${drawn}, ${free} of ${kept} are free`);
    }
    drawnBefore.set(key, new Map([...draws.values()].map(({ member, drawn }) => [member, drawn])));
  }

  function endedLeaseStaysEnded({ leaseId, state, size }: LeaseRecord): void {
    const closed = closedSizes.get(leaseId);
    assertThat(
      closed === undefined || (state === "closed" && size === closed),
      "endedLeaseStaysEnded",
      () => `lease ${leaseId} was reopened`,
    );
    if (state === "closed") closedSizes.set(leaseId, size);
  }

  /** A token that a call was admitted with is never free, or another lease's. */
  function admittedTokensAreKept({ leaseId, size, returned }: LeaseRecord): void {
    const { highest } = takenOf(leaseId);
    assertThat(highest <= size - returned, "admittedTokensAreKept", () => `${leaseId}:${highest} is not held any more`);
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
    admitted: ({ gateway, source, day, charges: charged }) => {
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
        const lease = tables.leases.get(leaseId);
        if (!isLive) continue;
        if (lease === undefined) return broken("onlyGrantedTokens", `${id} is of no lease`);
        const isRight =
          lease.owner === owner && lease.meter === meter && lease.day === day && lease.gatewayId === gateway.process.id;
        assertThat(isRight, "tokensStayInTheirBucketAndDay", () => JSON.stringify({ id, owner, meter, day, lease }));
        admittedTokensAreKept(lease);
        neverOversold(`${lease.day} ${lease.owner} ${lease.meter}`);
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
  };
}
