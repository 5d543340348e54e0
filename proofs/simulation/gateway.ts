import { type Charge, type ChargeSource, type Meter, serviceAccounts } from "@topdog/contracts/quota";
import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { AskPermits } from "@topdog/gateway/clients/permit-asks";
import type { QuotaSync } from "@topdog/gateway/clients/quota-sync";
import type { Slot } from "@topdog/gateway/store/lease-book";
import type { PermitOutcome } from "@topdog/gateway/store/permit-entry";
import { createQuotaHoldings, type QuotaHoldings } from "@topdog/gateway/store/quota-holdings";
import { admitCall, type Admission, type CallCost } from "@topdog/gateway/usecases/admit-call";
import type { SimulatedTime } from "../support/simulated-time.ts";
import type { Bus } from "./bus.ts";
import type { Process } from "./process.ts";

/** One process of the gateway: its real leases, permits and admission. */
export interface SimulatedGateway extends Pick<QuotaHoldings, "leases" | "permits"> {
  readonly process: Process;
  /** By key, of every bucket that it ever served: the newest, for a book that is full makes a bucket's anew. */
  readonly slots: Map<string, Slot>;
  /** All that it ever had. */
  readonly everySlot: Set<Slot>;
}

/** A call that a gateway let through: what really happened, whatever quota was told of it. */
export interface AdmittedCall {
  readonly gateway: SimulatedGateway;
  readonly source: ChargeSource;
  readonly day: string;
  readonly slots: readonly Slot[];
  readonly charges: readonly (Charge & { readonly owner: string })[];
}

export type CallEnd = Exclude<Admission["outcome"], "admitted"> | "over" | "no permit";

export interface CallWatch {
  /** It has one of the owner's concurrent requests from now on. */
  readonly onPermit: (gateway: SimulatedGateway, owner: string) => void;
  readonly onPermitGiven: (gateway: SimulatedGateway, owner: string) => void;
  readonly onAdmitted: (call: AdmittedCall) => void;
}

/** What a gateway asks of a process of quota. */
interface QuotaServer {
  readonly process: Process;
  readonly sync: QuotaSync;
  readonly permits: AskPermits;
}

export interface GatewayDeps {
  readonly process: Process;
  readonly bus: Bus;
  readonly replicas: () => readonly QuotaServer[];
  /** Room for so many is made at once: for many it takes longer than a history. */
  readonly maxBuckets: number;
  /** Hears each answer before the gateway does. */
  readonly onAnswer?: (answered: AnsweredQuestion) => void;
}

/** What quota said about leases or permits. */
export interface AnsweredQuestion {
  readonly gateway: SimulatedGateway;
  readonly reports: readonly LeaseReport[];
  readonly reply: { readonly history?: string | undefined; readonly day?: string };
}

/** A client that was refused for others of its own calls waits so long. */
const refusedMs = 10;
const noCount = { inc: () => undefined };

export function createGateway({ process, bus, replicas, maxBuckets, onAnswer }: GatewayDeps): SimulatedGateway {
  const { leases, permits } = createQuotaHoldings({
    gatewayId: process.id,
    monotonicMs: process.monotonicMs,
    timers: process.timers,
    sync: async (request) => {
      const reply = await bus.ask(process, replicas, (replica) => replica.sync(request));
      onAnswer?.({ gateway, reports: request.leases, reply });
      return reply;
    },
    askPermits: async (request) => {
      const reply = await bus.ask(process, replicas, (replica) => replica.permits(request));
      onAnswer?.({ gateway, reports: [], reply });
      return reply;
    },
    maxBuckets,
    metrics: { leaseSyncs: noCount, syncedLeases: noCount },
    onFailure: () => undefined,
  });
  const gateway: SimulatedGateway = { process, leases, permits, slots: new Map(), everySlot: new Set() };
  leases.sync.start();
  return gateway;
}

/** The leases that a gateway holds, those of the next day and those that end among them. */
export const heldBy = ({ everySlot }: SimulatedGateway): ReadonlySet<string> =>
  new Set([...everySlot].flatMap(({ lease, ahead }) => [lease.leaseId ?? [], ahead?.lease.leaseId ?? []].flat()));

export interface CallWish {
  readonly caller: Principal;
  readonly cost: CallCost;
  /** How long its answer takes once it is admitted. */
  readonly lastsMs: number;
  /** Its client goes after so long; it may be served by then. */
  readonly goesAfterMs: number | null;
}

/** A call from its permit to the end of its answer, as `serve-call.ts` has them. A gateway that dies takes its calls with it. */
export async function serveCall(
  time: SimulatedTime,
  gateway: SimulatedGateway,
  { caller, cost, lastsMs, goesAfterMs }: CallWish,
  watch: CallWatch,
): Promise<CallEnd | "admitted"> {
  const { process, leases, permits } = gateway;
  const owner = caller.buckets.personal ?? caller.buckets.org ?? "";
  const presence = { isGone: false };
  /** In a process that dies nobody goes on. */
  const heard = <T>(promise: Promise<T>): Promise<T> => {
    void time.expect(Promise.race([promise, process.died]));
    return promise;
  };
  if (goesAfterMs !== null) process.timers.after(goesAfterMs, () => (presence.isGone = true));
  const asked = permits.take(owner);
  const taken: PermitOutcome = asked instanceof Promise ? await heard(asked) : asked;
  if (taken !== "taken") {
    await process.sleep(refusedMs);
    return taken.reason === "over" ? "over" : "no permit";
  }
  watch.onPermit(gateway, owner);
  for (const [of, meter, poolMember] of bucketsOf(caller, cost)) {
    const slot = leases.slot(of, meter, poolMember);
    gateway.slots.set(slot.key, slot);
    gateway.everySlot.add(slot);
  }
  const decided = admitCall(leases, caller, cost, presence);
  const admission = decided instanceof Promise ? await heard(decided) : decided;
  if (admission.outcome === "admitted") {
    const { source, day, slots } = admission;
    const charges = admission.charges.map((charge, index) => ({ ...charge, owner: slots[index]?.lease.owner ?? "" }));
    watch.onAdmitted({ gateway, source, day, slots, charges });
    await process.sleep(lastsMs);
  }
  watch.onPermitGiven(gateway, owner);
  permits.give(owner);
  return admission.outcome;
}

type SlotName = [owner: string, meter: Meter, member?: string];

function bucketsOf({ userId, buckets, ceilings = [] }: Principal, cost: CallCost): SlotName[] {
  const { personal, org } = buckets;
  const own = ceilings.map(({ owner }): SlotName => [owner, "capped_calls"]);
  if (personal !== null) own.push(...cost.map((meter): SlotName => [personal, meter]));
  return org === null ? own : [...own, [org, "api_calls", personal === null ? serviceAccounts : userId]];
}
