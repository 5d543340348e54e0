import { subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { PermitState, PermitStore } from "@topdog/quota/store/permits";
import type { DatabaseClock } from "./memory-store.ts";
import type { MemoryTables } from "./memory-tables.ts";

/** quota's store of permits in memory; `stores-agree.test.ts` holds it against Postgres. */
export function createMemoryPermits(tables: MemoryTables, nowMs: DatabaseClock): PermitStore {
  const { permits, entitlements, gatewaysSeenMs } = tables;
  const stateOf = (owner: string, gatewayId: string, silentMs: number | null): PermitState => {
    const { plan, seats } = entitlements.get(subscriptionOwnerOf(owner)) ?? { plan: "free" as const, seats: 1 };
    const isHeard = (other: string): boolean =>
      silentMs === null || Math.abs((gatewaysSeenMs.get(other) ?? Number.NEGATIVE_INFINITY) - nowMs()) < silentMs;
    const all = [...(permits.get(owner) ?? [])];
    const others = all
      .filter(([other]) => other !== gatewayId && isHeard(other))
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
          }),
          write: async (gatewayId, version, held) => {
            for (const one of held) {
              const ofOwner = permits.get(one.owner) ?? new Map();
              permits.set(one.owner, ofOwner.set(gatewayId, { held: one.held, version }));
            }
          },
        }),
      );
      last = result.catch(() => undefined);
      return result;
    },
  };
}
