import { subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { PermitState, PermitStore } from "@topdog/quota/store/permits";
import type { DatabaseClock } from "./memory-store.ts";
import type { MemoryTables, PermitRecord } from "./memory-tables.ts";

/** quota's store of permits in memory; `stores-agree.test.ts` holds it against Postgres. */
export function createMemoryPermits(tables: MemoryTables, nowMs: DatabaseClock): PermitStore {
  const { permits, entitlements, gatewaysSeenMs } = tables;
  const stateOf = (owner: string, gatewayId: string, silentMs: number | null): PermitState => {
    const { plan, seats } = entitlements.get(subscriptionOwnerOf(owner)) ?? { plan: "free" as const, seats: 1 };
    const isHeard = (other: string): boolean =>
      Math.abs((gatewaysSeenMs.get(other) ?? Number.NEGATIVE_INFINITY) - nowMs()) <
      (silentMs ?? Number.POSITIVE_INFINITY);
    const isStill = (other: string, { serverStarted }: PermitRecord): boolean =>
      silentMs === null || (serverStarted === tables.server.started && isHeard(other));
    const all = [...(permits.get(owner) ?? [])];
    const others = all
      .filter(([other, permit]) => other !== gatewayId && isStill(other, permit))
      .reduce((sum, [, { held }]) => sum + held, 0);
    const { version, held = null } = permits.get(owner)?.get(gatewayId) ?? {};
    return { owner, plan, seats, others, held, version: version === undefined ? null : String(version) };
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    transaction: (work) => {
      const result = last.then(() =>
        work({
          lock: async (gatewayId, owners, silentMs) => ({
            states: owners.map((owner) => stateOf(owner, gatewayId, silentMs)),
            nowMs: nowMs(),
            serverStarted: tables.server.started,
          }),
          write: async (gatewayId, version, held) => {
            for (const one of held) {
              const ofOwner = new Map(permits.get(one.owner));
              permits.set(
                one.owner,
                ofOwner.set(gatewayId, { held: one.held, version, serverStarted: tables.server.started }),
              );
            }
          },
        }),
      );
      last = result.catch(() => undefined);
      return result;
    },
  };
}
