import { type Charge, type ChargeSource, type PlanMeter, serviceAccounts } from "@topdog/contracts/quota";
import type { Ceiling, Principal } from "@topdog/contracts/rpc/resolve-principal";
import { availabilityOf, takeCeiling, takeToken } from "../domain/lease.ts";
import { todayAt } from "../domain/quota-clock.ts";
import type { WaitingCall } from "../store/admission-queue.ts";
import type { Slot } from "../store/lease-book.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";

/** What a call takes from the caller's own buckets; from the org bucket every call takes one API call. */
export type CallCost = readonly [PlanMeter, ...PlanMeter[]];

/** `slots`: the buckets that decided, for the rate-limit headers. */
export type Admission =
  | {
      readonly outcome: "admitted";
      readonly source: ChargeSource;
      readonly day: string;
      readonly charges: Charge[];
      readonly slots: readonly Slot[];
    }
  | { readonly outcome: "exhausted"; readonly slots: readonly Slot[] }
  | { readonly outcome: "ceiling_reached"; readonly ceiling: Ceiling; readonly slots: readonly Slot[] }
  | { readonly outcome: "unavailable"; readonly slots: readonly Slot[] }
  | { readonly outcome: "client_gone" };

/** Still there to be served? A call whose client went takes nothing. */
export interface CallPresence {
  isGone: boolean;
}

interface Waiting {
  readonly outcome: "waiting";
  readonly at: Slot;
  readonly slots: readonly Slot[];
}

const maxWaitMs = 2_000;

/** Nothing else runs between the check and the taking: a call gets all tokens of one bucket owner, or none. */
function takeAll(leases: QuotaLeases, slots: readonly Slot[], source: ChargeSource, day: string): Admission {
  const charges = slots.map((slot) => takeToken(slot.lease));
  for (const slot of slots) leases.sync.noteUse(slot);
  return { outcome: "admitted", source, day, charges, slots };
}

/** Checks the buckets of one owner: ready, waiting for something, or exhausted (null). */
function decideAt(
  leases: QuotaLeases,
  slots: readonly Slot[],
  source: ChargeSource,
  isQueued: boolean,
): Admission | Waiting | null {
  const day = todayAt(leases.clock, leases.monotonicMs());
  let lacking: Slot | undefined;
  for (const slot of slots) {
    const availability = availabilityOf(slot.lease, day);
    if (availability === "exhausted") {
      leases.sync.revalidate(slot);
      return null;
    }
    // The call that came first takes first.
    if (availability !== "ready" || (!isQueued && leases.queue.waitingAt(slot) > 0)) lacking ??= slot;
  }
  return lacking === undefined ? takeAll(leases, slots, source, day) : { outcome: "waiting", at: lacking, slots };
}

interface CappedSlot {
  readonly ceiling: Ceiling;
  readonly slot: Slot;
}

const noCeilings: readonly CappedSlot[] = [];

function cappedSlots(leases: QuotaLeases, { ceilings }: Principal): readonly CappedSlot[] {
  if (ceilings === undefined) return noCeilings;
  return ceilings.map((ceiling) => {
    const slot = leases.slot(ceiling.owner, "capped_calls");
    takeCeiling(slot.lease, ceiling);
    return { ceiling, slot };
  });
}

/** The first ceiling that is known to be reached. */
function reachedCeiling(leases: QuotaLeases, capped: readonly CappedSlot[]): Admission | null {
  if (capped.length === 0) return null;
  const day = todayAt(leases.clock, leases.monotonicMs());
  const reached = capped.find(({ slot }) => availabilityOf(slot.lease, day) === "exhausted");
  if (reached === undefined) return null;
  const { ceiling, slot } = reached;
  leases.sync.revalidate(slot);
  return { outcome: "ceiling_reached", ceiling, slots: [slot] };
}

function decide(leases: QuotaLeases, principal: Principal, cost: CallCost, isQueued: boolean): Admission | Waiting {
  const { personal, org } = principal.buckets;
  const capped = cappedSlots(leases, principal);
  const reached = reachedCeiling(leases, capped);
  if (reached !== null) return reached;
  const ceilings = capped.map(({ slot }) => slot);
  const own = personal === null ? [] : [...cost.map((meter) => leases.slot(personal, meter)), ...ceilings];
  const first = personal === null ? null : decideAt(leases, own, "personal", isQueued);
  if (first !== null) return first;
  if (org === null) return { outcome: "exhausted", slots: own };
  // A service account has no bucket of its own, and no share of its own: they have one together.
  const member = personal === null ? serviceAccounts : principal.userId;
  const shared = [leases.slot(org, "api_calls", member), ...ceilings];
  return (
    decideAt(leases, shared, "org_pool", isQueued) ?? { outcome: "exhausted", slots: [...new Set([...own, ...shared])] }
  );
}

/**
 * Charges a call to the caller's own buckets, or, when they have none or quota says that they are spent for today, to the org bucket;
 * and to each ceiling of its key and member. In
 * the steady state it answers at once. It waits, 2 s at most and in order, for a full credit window to be reported or for
 * tokens on their way; then it is `unavailable`, which is another outcome than spent.
 */
export function admitCall(
  leases: QuotaLeases,
  principal: Principal,
  cost: CallCost,
  presence: CallPresence,
): Admission | Promise<Admission> {
  const decision = decide(leases, principal, cost, false);
  if (decision.outcome !== "waiting") return decision;
  if (leases.sync.unreachableMs() > maxWaitMs) {
    leases.sync.request(decision.at);
    return { outcome: "unavailable", slots: decision.slots };
  }
  return waitForTokens(leases, principal, cost, presence, decision);
}

function waitForTokens(
  leases: QuotaLeases,
  principal: Principal,
  cost: CallCost,
  presence: CallPresence,
  firstWait: Waiting,
): Promise<Admission> {
  return new Promise((resolve) => {
    let waitsAt: Waiting | null = null;
    const settle = (admission: Admission): null => {
      waitsAt = null;
      cancelDeadline();
      resolve(admission);
      return null;
    };
    const waitingCall: WaitingCall = {
      retry: () => {
        if (waitsAt === null) return null;
        if (presence.isGone) return settle({ outcome: "client_gone" });
        const decision = decide(leases, principal, cost, true);
        if (decision.outcome !== "waiting") return settle(decision);
        return queueAt(decision);
      },
    };
    const queueAt = (waiting: Waiting): Slot => {
      waitsAt = waiting;
      for (const slot of waiting.slots) askIfEmpty(leases, slot, waiting.at);
      return waiting.at;
    };
    const cancelDeadline = leases.timers.after(maxWaitMs, () => {
      if (waitsAt === null) return;
      const { at, slots } = waitsAt;
      leases.queue.leave(waitingCall, at);
      settle({ outcome: "unavailable", slots });
    });

    leases.queue.join(waitingCall, queueAt(firstWait));
    leases.sync.request(firstWait.at);
  });
}

/** A call that needs two buckets asks for both in one message. */
function askIfEmpty(leases: QuotaLeases, slot: Slot, waitsAt: Slot): void {
  if (slot !== waitsAt && slot.lease.leaseId === null && !slot.inFlight) leases.sync.request(slot);
}
