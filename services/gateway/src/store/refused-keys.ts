import { LRUCache } from "lru-cache";

/** Keys that are refused without asking org-registry, in bounded memory. */
export interface RefusedKeys {
  /** `changes` as it was when org-registry was asked: after the next change it may answer otherwise. */
  noteUnknown(keyHash: string, changes: number): void;
  noteRevoked(keyHash: string): void;
  isRevoked(keyHash: string): boolean;
  isRefused(keyHash: string, changes: number): boolean;
}

const unknownTtlMs = 2_000;
const maxUnknown = 10_000;
/** Longer than any lookup or replica can lag behind: a revocation beats an older answer. */
const revokedTtlMs = 600_000;
const maxRevoked = 20_000;

export function createRefusedKeys(): RefusedKeys {
  const unknown = new LRUCache<string, number>({ max: maxUnknown, ttl: unknownTtlMs });
  const revoked = new LRUCache<string, true>({ max: maxRevoked, ttl: revokedTtlMs });
  return {
    noteUnknown: (keyHash, changes) => void unknown.set(keyHash, changes),
    noteRevoked: (keyHash) => void revoked.set(keyHash, true),
    isRevoked: (keyHash) => revoked.has(keyHash),
    isRefused: (keyHash, changes) => revoked.has(keyHash) || unknown.get(keyHash) === changes,
  };
}
