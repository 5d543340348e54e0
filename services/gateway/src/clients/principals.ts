import type { MemberChanged } from "@topdog/contracts/events/org-events";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { AppError } from "@topdog/errors/app-error";
import { LRUCache } from "lru-cache";

/** A principal with what every answer to it repeats. */
export interface KnownCaller {
  readonly principal: Principal;
  /** `X-BYOK-*`, name and value by turns. */
  readonly byokHeaders: readonly string[];
}

export interface Principals {
  /** By the key's SHA-256 in hex. In the steady state it answers at once; null for a key that must be refused. */
  find(keyHash: string): KnownCaller | null | Promise<KnownCaller | null>;
  revoke(keyHash: string): void;
  dropMember(change: Pick<MemberChanged, "orgId" | "userId">): void;
  /** Forgets everything but revocations: what was broadcast meanwhile is not known. */
  flush(): void;
  size(): number;
}

export interface PrincipalsDeps {
  readonly resolve: (keyHash: string) => Promise<Principal | null>;
  readonly maxEntries: number;
  readonly ttlMs: number;
  readonly onLookup: (outcome: "hit" | "miss" | "refused" | "failed") => void;
}

/** How often the cache reads the clock: not for every lookup. */
const ttlResolutionMs = 100;
const negativeTtlMs = 2_000;
const maxNegativeEntries = 10_000;
const maxRevokedEntries = 20_000;
/** Longer than any resolve or replica can lag behind. */
const revokedTtlMs = 600_000;
const maxResolvesInFlight = 512;
const maxResolveRounds = 3;

const knownCaller = (principal: Principal): KnownCaller => ({
  principal,
  byokHeaders: [
    "X-BYOK-Scope",
    principal.byok.scope,
    "X-BYOK-Used",
    String(principal.byok.used),
    "X-BYOK-Capacity",
    String(principal.byok.capacity),
  ],
});

export function createPrincipals(deps: PrincipalsDeps): Principals {
  const known = new LRUCache<string, KnownCaller>({
    max: deps.maxEntries,
    ttl: deps.ttlMs,
    ttlResolution: ttlResolutionMs,
  });
  const unknown = new LRUCache<string, true>({ max: maxNegativeEntries, ttl: negativeTtlMs });
  const revoked = new LRUCache<string, true>({ max: maxRevokedEntries, ttl: revokedTtlMs });
  const resolving = new Map<string, Promise<KnownCaller | null>>();
  /** Rises whenever entries are dropped: an answer that was asked for before may be older than the drop. */
  let epoch = 0;

  async function resolve(keyHash: string): Promise<KnownCaller | null> {
    let principal: Principal | null = null;
    let askedIn: number;
    let round = 0;
    do {
      askedIn = epoch;
      principal = await deps.resolve(keyHash);
      round += 1;
    } while (askedIn !== epoch && round < maxResolveRounds);
    if (principal === null || revoked.has(keyHash)) {
      unknown.set(keyHash, true);
      return null;
    }
    const caller = knownCaller(principal);
    if (askedIn === epoch) known.set(keyHash, caller);
    return caller;
  }

  function resolveOnce(keyHash: string): Promise<KnownCaller | null> {
    const running = resolving.get(keyHash);
    if (running !== undefined) return running;
    if (resolving.size >= maxResolvesInFlight) throw new AppError("overloaded", { retryAfterSeconds: 1 });
    const started = resolve(keyHash)
      .then(
        (caller) => {
          deps.onLookup(caller === null ? "refused" : "miss");
          return caller;
        },
        (error: unknown) => {
          deps.onLookup("failed");
          const detail = "Your API key cannot be checked at the moment.";
          throw new AppError("temporary_reduced_capacity", { cause: error, detail, retryAfterSeconds: 1 });
        },
      )
      .finally(() => resolving.delete(keyHash));
    resolving.set(keyHash, started);
    return started;
  }

  return {
    find: (keyHash) => {
      const caller = known.get(keyHash);
      if (caller !== undefined) {
        deps.onLookup("hit");
        return caller;
      }
      if (revoked.has(keyHash) || unknown.has(keyHash)) {
        deps.onLookup("refused");
        return null;
      }
      return resolveOnce(keyHash);
    },
    revoke: (keyHash) => {
      revoked.set(keyHash, true);
      known.delete(keyHash);
    },
    dropMember: ({ orgId, userId }) => {
      epoch += 1;
      for (const [keyHash, { principal }] of known.entries()) {
        if (principal.orgId === orgId && principal.userId === userId) known.delete(keyHash);
      }
      // A seat may have come back: what was refused a moment ago may be good now.
      unknown.clear();
    },
    flush: () => {
      epoch += 1;
      known.clear();
      unknown.clear();
    },
    size: () => known.size,
  };
}
