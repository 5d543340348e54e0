import { BudgetShare, type BodyBudget } from "@topdog/http-kit/body-budget";

/** What one key, or one address, has under way in this process. */
export interface Load {
  readonly of: string;
  /** Its share of the memory for bodies. */
  readonly bodies: BodyBudget;
  calls: number;
  uploads: number;
}

/** Bounds what is under way at once, for each key or each address by itself. */
export interface Concurrency {
  /** Counts a call; null when there are too many. For each load that it returned, `leave` must be called exactly once. */
  enter(of: string): Load | null;
  leave(load: Load): void;
  /** Counts an upload of a counted call; false when there are too many. */
  beginUpload(load: Load): boolean;
  endUpload(load: Load): void;
  size(): number;
}

export interface ConcurrencyOptions {
  readonly maxCalls: number;
  readonly maxUploads: number;
  readonly bodies: BodyBudget;
  readonly maxBodiesBytes: number;
}

/** Only what is under way is in the map: it is never larger than the number of calls. */
export function createConcurrency({ maxCalls, maxUploads, bodies, maxBodiesBytes }: ConcurrencyOptions): Concurrency {
  const present = new Map<string, Load>();
  return {
    enter: (of) => {
      const known = present.get(of);
      if (known === undefined) {
        const first: Load = { of, bodies: new BudgetShare(bodies, maxBodiesBytes), calls: 1, uploads: 0 };
        present.set(of, first);
        return first;
      }
      if (known.calls >= maxCalls) return null;
      known.calls += 1;
      return known;
    },
    leave: (load) => {
      load.calls -= 1;
      if (load.calls === 0) present.delete(load.of);
    },
    beginUpload: (load) => {
      if (load.uploads >= maxUploads) return false;
      load.uploads += 1;
      return true;
    },
    endUpload: (load) => {
      load.uploads -= 1;
    },
    size: () => present.size,
  };
}
