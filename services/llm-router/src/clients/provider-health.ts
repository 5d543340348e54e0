import type { FailureRule } from "../domain/failure-table.ts";
import { type Breaker, type BreakerOptions, type BreakerState, createBreaker } from "./breaker.ts";

export interface ProviderHealthOptions extends Omit<BreakerOptions, "onState" | "trial"> {
  /** From closing until the upstream gets its whole share of calls again. */
  readonly rampMs: number;
  /** Asks the upstream ourselves, at our own cost: true when it is alive. */
  readonly probe: () => Promise<boolean>;
  /** `told`: another router's report opened it. */
  readonly onState: (state: BreakerState, told: boolean) => void;
}

/** Of one model family at one upstream, for all tenants together. */
export interface ProviderHealth {
  /** Ramping: closed not long ago, and the next call is not in its share yet. */
  next(): "healthy" | "ramping" | "resting";
  /** Null when no call is let through; else what its result is told with. */
  admit(): number | null;
  result(breaker: FailureRule["breaker"], tenantId: string, admitted: number): void;
  /** Another router has found out that it is down. */
  openedElsewhere(): void;
  reopensInMs(): number;
  close(): void;
}

/** Of what belongs to one caller alone: nothing that happens there says anything to others, so there is no breaker. */
export const ownFate: ProviderHealth = {
  next: () => "healthy",
  admit: () => 0,
  result: () => undefined,
  openedElsewhere: () => undefined,
  reopensInMs: () => 0,
  close: () => undefined,
};

const maxWitnesses = 16;
const leastRampShare = 0.1;

/** Who failed lately, and how often: one tenant's failures prove nothing to the others. */
interface Witness {
  failures: number;
  lastMs: number;
}

export function createProviderHealth(options: ProviderHealthOptions): ProviderHealth {
  const witnesses = new Map<string, Witness>();
  let told = false;
  let isProbing = false;
  let probedAtMs = -Infinity;
  let rampBeganMs = -Infinity;
  let rampSeen = 0;
  let rampTaken = 0;
  const breaker: Breaker = createBreaker({
    ...options,
    trial: options.probe,
    onState(state) {
      witnesses.clear();
      if (state === "closed") {
        rampBeganMs = performance.now();
        rampSeen = rampTaken = 0;
      }
      options.onState(state, told);
    },
  });

  /** True once two tenants have failed within the window, this one among them. */
  function hasCompany(tenantId: string, nowMs: number): boolean {
    for (const [id, { lastMs }] of witnesses) if (nowMs - lastMs > options.windowMs) witnesses.delete(id);
    const witness = witnesses.get(tenantId);
    if (witness !== undefined) {
      witness.failures += 1;
      witness.lastMs = nowMs;
    } else if (witnesses.size < maxWitnesses) witnesses.set(tenantId, { failures: 1, lastMs: nowMs });
    return witnesses.size > 1;
  }

  /** A tenant that fails alone may itself be the reason: we ask, seldom. */
  async function probeFor(tenantId: string, nowMs: number): Promise<void> {
    const failures = witnesses.get(tenantId)?.failures ?? 0;
    if (isProbing || failures < options.volumeThreshold || nowMs - probedAtMs < options.resetMs) return;
    isProbing = true;
    probedAtMs = nowMs;
    const alive = await options.probe().finally(() => (isProbing = false));
    if (!alive) breaker.open();
  }

  return {
    next() {
      if (breaker.state() !== "closed") return "resting";
      const sinceMs = performance.now() - rampBeganMs;
      if (sinceMs >= options.rampMs) return "healthy";
      rampSeen += 1;
      if (rampTaken + 1 > rampSeen * Math.max(leastRampShare, sinceMs / options.rampMs)) return "ramping";
      rampTaken += 1;
      return "healthy";
    },
    admit: () => (breaker.state() === "closed" ? breaker.generation() : null),
    result(sign, tenantId, admitted) {
      if (sign === "neutral") return;
      if (sign === "alive") return breaker.record(true, admitted);
      if (admitted !== breaker.generation()) return;
      const nowMs = performance.now();
      if (hasCompany(tenantId, nowMs) || sign === "proves") breaker.record(false, admitted);
      else void probeFor(tenantId, nowMs);
    },
    openedElsewhere() {
      told = true;
      breaker.open();
      told = false;
    },
    reopensInMs: () => breaker.reopensInMs(),
    close: () => breaker.close(),
  };
}
