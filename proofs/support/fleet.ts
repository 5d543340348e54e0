import { type Charge, type ChargeSource, type Meter, serviceAccounts } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Slot } from "@topdog/gateway/store/lease-book";
import { createQuotaLeases, type QuotaLeases } from "@topdog/gateway/store/quota-leases";
import { admitCall, type Admission, type CallCost } from "@topdog/gateway/usecases/admit-call";
import { type Fate, throughNetwork } from "./network.ts";
import type { QuotaUnderTest } from "./quota-under-test.ts";
import { processTimersOf, type SimulatedTime } from "./simulated-time.ts";

/** A call that a gateway let through: what really happened, whatever quota was told of it. */
export interface AdmittedCall {
  readonly gatewayId: string;
  readonly source: ChargeSource;
  readonly day: string;
  readonly charges: readonly (Charge & { readonly owner: string })[];
}

/** One gateway process: the real lease book, sync and admission on simulated time. */
export interface SimulatedGateway {
  readonly id: string;
  readonly leases: QuotaLeases;
  /** Every bucket that it ever served. */
  readonly slots: Set<Slot>;
  isAlive: boolean;
  /** Until then neither its messages nor signals to it arrive. */
  cutOffUntilMs: number;
}

export interface Fleet {
  readonly gateways: SimulatedGateway[];
  readonly calls: AdmittedCall[];
  /** How calls ended, counted. */
  readonly outcomes: Map<Admission["outcome"], number>;
  call(gateway: SimulatedGateway, caller: Principal, cost: CallCost): void;
  /** Kills a gateway and puts another, with an id of its own, in its place. */
  replace(index: number): void;
  deliver(signal: QuotaRecalled): void;
}

export interface FleetDeps {
  readonly time: SimulatedTime;
  readonly quota: () => QuotaUnderTest;
  readonly size: number;
  readonly nextFate: () => Fate;
  readonly isSignalLost: () => boolean;
}

const signalMs = 2;
const maxBuckets = 100;
const presence = { isGone: false };

export function createFleet({ time, quota, size, nextFate, isSignalLost }: FleetDeps): Fleet {
  const calls: AdmittedCall[] = [];
  const outcomes = new Map<Admission["outcome"], number>();
  let born = 0;

  function newGateway(): SimulatedGateway {
    born += 1;
    const id = `gateway-${born}`;
    const gateway = { id, slots: new Set<Slot>(), isAlive: true, cutOffUntilMs: Number.NEGATIVE_INFINITY };
    const fate = (): Fate => (time.nowMs() < gateway.cutOffUntilMs ? "question lost" : nextFate());
    const leases = createQuotaLeases({
      gatewayId: id,
      call: throughNetwork(time, (request) => quota().sync(request), fate),
      // Its own monotonic clock began when it did.
      monotonicMs: monotonicFrom(time),
      timers: processTimersOf(time, () => gateway.isAlive),
      maxBuckets,
      onSync: () => undefined,
      onFailure: () => undefined,
    });
    leases.sync.start();
    return Object.assign(gateway, { leases });
  }

  const gateways = Array.from({ length: size }, newGateway);

  function note(gateway: SimulatedGateway, admission: Admission): void {
    outcomes.set(admission.outcome, (outcomes.get(admission.outcome) ?? 0) + 1);
    if (admission.outcome !== "admitted") return;
    const { source, day, slots } = admission;
    const charges = admission.charges.map((charge, index) => ({ ...charge, owner: slots[index]?.lease.owner ?? "" }));
    calls.push({ gatewayId: gateway.id, source, day, charges });
  }

  return {
    gateways,
    calls,
    outcomes,
    call: (gateway, caller, cost) => {
      for (const name of bucketsOf(caller, cost)) gateway.slots.add(gateway.leases.slot(...name));
      const decided = admitCall(gateway.leases, caller, cost, presence);
      if (decided instanceof Promise) void time.expect(decided).then((admission) => note(gateway, admission));
      else note(gateway, decided);
    },
    replace: (index) => {
      const gateway = gateways[index];
      if (gateway !== undefined) gateway.isAlive = false;
      gateways[index] = newGateway();
    },
    deliver: (signal) => {
      for (const gateway of gateways) {
        if (isSignalLost() || time.nowMs() < gateway.cutOffUntilMs) continue;
        time.after(signalMs, () => (gateway.isAlive ? gateway.leases.recall(signal) : undefined));
      }
    },
  };
}

function monotonicFrom(time: SimulatedTime): () => number {
  const bornMs = time.nowMs();
  return () => time.nowMs() - bornMs;
}

function bucketsOf({ userId, buckets }: Principal, cost: CallCost): [owner: string, meter: Meter, member?: string][] {
  const { personal, org } = buckets;
  const own = personal === null ? [] : cost.map((meter): [string, Meter] => [personal, meter]);
  return org === null ? own : [...own, [org, "api_calls", personal === null ? serviceAccounts : userId]];
}
