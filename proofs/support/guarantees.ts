import type { Fleet } from "./fleet.ts";
import type { QuotaState } from "./quota-under-test.ts";

/** What has been seen of a history so far, for guarantees that speak of before and after. */
export interface Watch {
  /** `gatewayId leaseId`: leases that a gateway held and that have ended. */
  readonly endedLeases: Set<string>;
  /** The lease that a gateway held of a bucket when it was last looked at. */
  readonly heldLeases: Map<string, string>;
  /** Size of each lease that quota closed. */
  readonly closedSizes: Map<string, number>;
  /** The highest limit that a bucket had. */
  readonly highestLimits: Map<string, number>;
  readonly seenCharges: Set<string>;
  checkedCalls: number;
}

export const newWatch = (): Watch => ({
  endedLeases: new Set(),
  heldLeases: new Map(),
  closedSizes: new Map(),
  highestLimits: new Map(),
  seenCharges: new Set(),
  checkedCalls: 0,
});

export interface Observed {
  readonly fleet: Fleet;
  readonly state: QuotaState;
  readonly watch: Watch;
}

/** Finds where a guarantee does not hold; an empty list: it does. */
type Guarantee = (observed: Observed) => string[];

const bucketName = ({ owner, meter, day }: { owner: string; meter: string; day: string }): string =>
  `${day} ${owner} ${meter}`;
const newCalls = ({ fleet, watch }: Observed) => fleet.calls.slice(watch.checkedCalls);

/** No day's limit is ever exceeded: not by what callers got and were not given back, and not by what quota has out. */
const neverOversold: Guarantee = ({ fleet, state, watch }) => {
  const admitted = new Map<string, number>();
  const names = new Map(state.leases.map((lease) => [lease.leaseId, bucketName(lease)]));
  const refunded = new Set(state.refunds);
  for (const { leaseId, seq } of fleet.calls.flatMap((call) => call.charges)) {
    if (refunded.has(`${leaseId}:${seq}`)) continue;
    const name = names.get(leaseId) ?? leaseId;
    admitted.set(name, (admitted.get(name) ?? 0) + 1);
  }
  return state.buckets.flatMap((bucket) => {
    const name = bucketName(bucket);
    const limit = Math.max(bucket.limit, watch.highestLimits.get(name) ?? 0);
    watch.highestLimits.set(name, limit);
    const count = admitted.get(name) ?? 0;
    return count > limit || bucket.settled + bucket.escrow > limit
      ? [`${name}: limit ${limit}, admitted ${count}, settled ${bucket.settled}, in escrow ${bucket.escrow}`]
      : [];
  });
};

/** No two calls are charged the same token. */
const noSeqTwice: Guarantee = (observed) =>
  newCalls(observed).flatMap(({ charges }) =>
    charges.flatMap(({ leaseId, seq }) => {
      const id = `${leaseId}:${seq}`;
      if (observed.watch.seenCharges.has(id)) return [`${id} was charged twice`];
      observed.watch.seenCharges.add(id);
      return [];
    }),
  );

/** A lease that ended admits nothing any more: not at the gateway that held it, and it grows no more at quota. */
const endedLeaseStaysEnded: Guarantee = ({ fleet, state, watch }) => {
  const problems = fleet.calls
    .slice(watch.checkedCalls)
    .flatMap((call) => call.charges.map(({ leaseId }) => `${call.gatewayId} ${leaseId}`))
    .filter((name) => watch.endedLeases.has(name))
    .map((name) => `${name} admitted a call after its end`);
  for (const { id, slots } of fleet.gateways) {
    for (const { key, lease } of slots) {
      const place = `${id} ${key}`;
      const held = watch.heldLeases.get(place);
      if (held !== undefined && held !== lease.leaseId) watch.endedLeases.add(`${id} ${held}`);
      if (lease.leaseId === null) watch.heldLeases.delete(place);
      else watch.heldLeases.set(place, lease.leaseId);
      const name = `${id} ${lease.leaseId}`;
      if (watch.endedLeases.has(name)) problems.push(`${name} came back`);
    }
  }
  for (const { leaseId, state: now, size } of state.leases) {
    const closed = watch.closedSizes.get(leaseId);
    if (closed !== undefined && (now !== "closed" || size !== closed)) problems.push(`lease ${leaseId} was reopened`);
    if (now === "closed") watch.closedSizes.set(leaseId, size);
  }
  return problems;
};

/** A gateway never admits past its lease or its credit window. */
const neverPastTheWindow: Guarantee = ({ fleet }) =>
  fleet.gateways.flatMap(({ id, slots }) =>
    [...slots].flatMap(({ key, lease }) => {
      const holds =
        lease.used <= lease.size - lease.returned &&
        lease.reported <= lease.used &&
        lease.used - lease.reported <= lease.window;
      return holds ? [] : [`${id} ${key}: ${JSON.stringify(lease)}`];
    }),
  );

/** A call is charged all of its tokens, of one owner and of the day that the caller is told. */
const allTokensOrNone: Guarantee = (observed) => {
  const days = new Map(observed.state.leases.map((lease) => [lease.leaseId, lease.day]));
  return newCalls(observed).flatMap(({ charges, source, day }) => {
    const [first] = charges;
    const isOfOneOwner = charges.every(({ owner }) => owner === first?.owner);
    const isOfThatDay = charges.every(({ leaseId }) => (days.get(leaseId) ?? day) === day);
    const isWhole = source === "personal" ? first?.meter === "api_calls" : charges.length === 1;
    return isOfOneOwner && isOfThatDay && isWhole ? [] : [`${source} ${day}: ${JSON.stringify(charges)}`];
  });
};

/** A token that a call was admitted with is never free, or another lease's, in quota's tables. */
const admittedTokensAreKept: Guarantee = ({ fleet, state }) => {
  const held = new Map(state.leases.map((lease) => [lease.leaseId, lease.size - lease.returned]));
  return fleet.calls
    .flatMap(({ charges }) => charges)
    .filter(({ leaseId, seq }) => seq > (held.get(leaseId) ?? 0))
    .map(({ leaseId, seq }) => `${leaseId}:${seq} was admitted and is not held`);
};

/** The database's own invariants. */
const noInvariantIsBroken: Guarantee = ({ state }) => state.violations.map((violation) => JSON.stringify(violation));

/** Hold at every moment of every history. */
const alwaysHold: Readonly<Record<string, Guarantee>> = {
  neverOversold,
  noSeqTwice,
  endedLeaseStaysEnded,
  neverPastTheWindow,
  allTokensOrNone,
  admittedTokensAreKept,
  noInvariantIsBroken,
};

/** Every call is in the ledger exactly once, and nothing else is. */
const everyAdmittedSeqIsInTheLedger: Guarantee = ({ fleet, state }) => {
  const admitted = new Set(
    fleet.calls.flatMap(({ charges }) => charges.map(({ leaseId, seq }) => `${leaseId}:${seq}`)),
  );
  const charged = new Set(state.charges);
  return [
    ...[...admitted].filter((id) => !charged.has(id)).map((id) => `${id} is not in the ledger`),
    ...[...charged].filter((id) => !admitted.has(id)).map((id) => `${id} is in the ledger and was never admitted`),
    ...(charged.size === state.charges.length ? [] : ["a token is in the ledger twice"]),
  ];
};

/** A live gateway reports every call by itself: no usage record is needed for it. */
export function assertAllReported(
  { fleet, state }: Pick<Observed, "fleet" | "state">,
  gatewayIds: ReadonlySet<string>,
): void {
  const charged = new Set(state.charges);
  const missing = fleet.calls
    .filter(({ gatewayId }) => gatewayIds.has(gatewayId))
    .flatMap(({ charges }) => charges.map(({ leaseId, seq }) => `${leaseId}:${seq}`))
    .find((id) => !charged.has(id));
  if (missing !== undefined) throw new Error(`liveGatewayReports: ${missing} was admitted and never reported`);
}

/** A vanished gateway costs its window at most, and what is in escrow at the end is burned: nothing else is lost. */
const onlyTheWindowBurns: Guarantee = ({ state }) => {
  const tooMuch = state.leases.filter((lease) => lease.burned > lease.window);
  const lost = state.buckets.filter((bucket) => {
    const own = state.leases.filter((lease) => bucketName(lease) === bucketName(bucket));
    return bucket.escrow !== own.reduce((sum, lease) => sum + lease.burned, 0);
  });
  return [
    ...tooMuch.map((lease) => `lease ${lease.leaseId} burned ${lease.burned} of a window of ${lease.window}`),
    ...lost.map((bucket) => `${bucketName(bucket)}: ${bucket.escrow} in escrow that no vanished gateway may have used`),
  ];
};

/** Hold when every gateway has ended its leases and every call was reported. */
const holdAtTheEnd: Readonly<Record<string, Guarantee>> = { everyAdmittedSeqIsInTheLedger, onlyTheWindowBurns };

function problemsOf(guarantees: Readonly<Record<string, Guarantee>>, observed: Observed): string[] {
  return Object.entries(guarantees).flatMap(([name, holds]) => holds(observed).map((problem) => `${name}: ${problem}`));
}

/** Throws, naming the guarantee, when one does not hold now. */
export function assertAlways(observed: Observed): void {
  const [first] = problemsOf(alwaysHold, observed);
  if (first !== undefined) throw new Error(first);
  observed.watch.checkedCalls = observed.fleet.calls.length;
}

export function assertAtTheEnd(observed: Observed): void {
  const [first] = problemsOf({ ...alwaysHold, ...holdAtTheEnd }, observed);
  if (first !== undefined) throw new Error(first);
}
