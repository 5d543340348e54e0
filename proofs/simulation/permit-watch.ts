import { type PlanId, plans } from "@topdog/contracts/plans";
import { concurrencyLimit, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { MemoryTables } from "../support/memory-tables.ts";
import type { SimulatedGateway } from "./gateway.ts";
import type { Process } from "./process.ts";
import type { Broken } from "./watch.ts";

export interface PermitWatch {
  /** A subscription changes now: it may count from now on. */
  readonly planned: (subscriber: string, plan: PlanId, seats: number) => void;
  readonly began: (gateway: SimulatedGateway, owner: string) => void;
  readonly ended: (gateway: SimulatedGateway, owner: string) => void;
  readonly died: (process: Process) => void;
  readonly answered: (process: Process, askedMs: number) => void;
  /**
   * The database knows only these permits from now on. What a gateway runs beyond them counts no more, nor what it begins beyond them before it has
   * heard of the restore.
   */
  readonly restored: (permits: MemoryTables["permits"]) => void;
  /** From now until then no gateway can be answered: the bus, the database or every replica is away. */
  readonly nobodyServed: (fromMs: number, untilMs: number) => void;
}

interface Running {
  readonly gateway: SimulatedGateway;
  readonly owner: string;
  /** Its gateway alone was out of reach for so long that quota takes it for gone (ADR 49): the call counts no more. */
  isApart: boolean;
}

/** Quota takes a gateway for gone after 6 s; its last message may be older than its last answer. */
const apartAfterMs = 4_000;

/** Calls that run at once never exceed the owner's highest limit, but for those of a gateway that is cut off alone. */
export function createPermitWatch(
  nowMs: () => number,
  hasHeard: (process: Process) => boolean,
  broken: Broken,
): PermitWatch {
  let known: ReadonlyMap<string, ReadonlyMap<string, { readonly held: number }>> = new Map();
  const running: Running[] = [];
  /** Every plan that a subscriber has had. */
  const plansOf = new Map<string, { readonly plan: PlanId; readonly seats: number }[]>();
  /** When the newest question that was answered left the process, on the clock below. */
  const confirmedMs = new Map<Process, number>();
  const outages: { readonly fromMs: number; untilMs: number }[] = [];

  /** A clock that stands still while nobody is served: then nobody is given what another holds. */
  function servedMs(atMs: number): number {
    let away = 0;
    for (const { fromMs, untilMs } of outages) away += Math.max(0, Math.min(untilMs, atMs) - fromMs);
    return atMs - away;
  }

  const isApart = (process: Process): boolean =>
    servedMs(nowMs()) - (confirmedMs.get(process) ?? Number.NEGATIVE_INFINITY) > apartAfterMs;

  const limitOf = (owner: string): number =>
    Math.max(
      ...[{ plan: "free" as const, seats: 1 }, ...(plansOf.get(subscriptionOwnerOf(owner)) ?? [])].map(
        ({ plan, seats }) => concurrencyLimit(owner, plans[plan], seats),
      ),
    );

  function noteApart(): void {
    for (const one of running) one.isApart ||= isApart(one.gateway.process);
  }

  /** Of one gateway's calls of an owner no more count than the restored database knows of. */
  function noteUnknown({ gateway, owner }: Running): void {
    const held = known.get(owner)?.get(gateway.process.id)?.held ?? 0;
    const counted = running.filter((one) => one.gateway === gateway && one.owner === owner && !one.isApart);
    for (const one of counted.slice(held)) one.isApart = true;
  }

  return {
    planned: (subscriber, plan, seats) => {
      plansOf.set(subscriber, [...(plansOf.get(subscriber) ?? []), { plan, seats }]);
    },
    began: (gateway, owner) => {
      const began: Running = { gateway, owner, isApart: false };
      running.push(began);
      noteApart();
      if (!hasHeard(gateway.process)) noteUnknown(began);
      const limit = limitOf(owner);
      const together = running.filter((one) => one.owner === owner && !one.isApart);
      if (together.length > limit) {
        const places = together.map((one) => one.gateway.process.id).join(", ");
        broken("neverMoreAtOnce", `${owner}: ${together.length} of ${limit}, at ${places}`);
      }
    },
    ended: (gateway, owner) => {
      const index = running.findIndex((one) => one.gateway === gateway && one.owner === owner);
      if (index >= 0) running.splice(index, 1);
    },
    died: (process) => {
      for (let index = running.length - 1; index >= 0; index -= 1) {
        if (running[index]?.gateway.process === process) running.splice(index, 1);
      }
    },
    answered: (process, askedMs) => {
      noteApart();
      confirmedMs.set(process, Math.max(servedMs(askedMs), confirmedMs.get(process) ?? Number.NEGATIVE_INFINITY));
    },
    restored: (permits) => {
      known = new Map(permits);
      for (const one of running) noteUnknown(one);
    },
    nobodyServed: (fromMs, untilMs) => {
      const last = outages.at(-1);
      const beginsMs = Math.max(fromMs, last?.untilMs ?? fromMs);
      if (untilMs > beginsMs) outages.push({ fromMs: beginsMs, untilMs });
    },
  };
}
