import { LRUCache } from "lru-cache";

/** One lookup of a key that is not known yet. */
export interface KeyAttempt {
  readonly address: string;
}

/** How many wrong keys an address may try. Keys that are known already are not counted here, so their owners do not wait. */
export interface BadKeys {
  /** `spent`: too many were wrong; `busy`: all that are left are under way. */
  begin(address: string): KeyAttempt | "spent" | "busy";
  end(attempt: KeyAttempt, outcome: "good" | "bad" | "unanswered"): void;
  /** From one wrong key to the next, once the allowance is spent. */
  readonly waitSeconds: number;
}

export interface BadKeysOptions {
  /** Wrong keys that an address may send at once, and in each minute from then on. */
  readonly perMinute: number;
  readonly maxAddresses: number;
  readonly monotonicMs: () => number;
}

interface Allowance extends KeyAttempt {
  left: number;
  underWay: number;
  atMs: number;
}

const minuteMs = 60_000;

/**
 * A token bucket for each recent address: the memory is bounded, and an address that is forgotten starts with a full bucket. An
 * attempt holds its token while it is under way, or a thousand at once would all be let through.
 */
export function createBadKeys({ perMinute, maxAddresses, monotonicMs }: BadKeysOptions): BadKeys {
  const allowances = new LRUCache<string, Allowance>({ max: maxAddresses });

  function allowanceOf(address: string): Allowance {
    const nowMs = monotonicMs();
    const known = allowances.get(address);
    if (known !== undefined) {
      known.left = Math.min(perMinute, known.left + ((nowMs - known.atMs) * perMinute) / minuteMs);
      known.atMs = nowMs;
      return known;
    }
    const fresh: Allowance = { address, left: perMinute, underWay: 0, atMs: nowMs };
    allowances.set(address, fresh);
    return fresh;
  }

  return {
    waitSeconds: Math.ceil(60 / perMinute),
    begin: (address) => {
      const allowance = allowanceOf(address);
      if (allowance.left < 1) return "spent";
      if (allowance.left - allowance.underWay < 1) return "busy";
      allowance.underWay += 1;
      return allowance;
    },
    end: (attempt, outcome) => {
      const allowance = attempt as Allowance;
      allowance.underWay -= 1;
      if (outcome === "bad") allowance.left -= 1;
    },
  };
}
