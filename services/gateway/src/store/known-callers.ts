import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { LRUCache } from "lru-cache";

/** A principal with what every answer to it repeats. */
export interface KnownCaller {
  readonly keyHash: string;
  readonly principal: Principal;
  /** `X-BYOK-*`, names and values alternate. */
  readonly byokHeaders: readonly string[];
  /** Its ids as members of a JSON object, for the line of each call. */
  readonly logMembers: string;
}

/** What org-registry answered about a key, and how current that is. */
export interface KnownEntry {
  readonly caller: KnownCaller;
  /** When org-registry was asked for this answer; later when changes that would have concerned it were asked for. */
  confirmedMs: number;
  /** The number of gaps in the broadcasts when it was asked: no broadcast has been missed since that gap. */
  readonly gaps: number;
  /** The same when it was last asked in vain: it is served, and asked about in the background. */
  triedGaps: number;
  /** When org-registry may be asked again, after it did not answer; null while it answers. */
  retryMs: number | null;
}

type Member = Pick<Principal, "orgId" | "userId">;

/** The entries of the keys that were used last, by key and by member of an org. */
export interface KnownCallers {
  get(keyHash: string): KnownEntry | undefined;
  set(entry: KnownEntry): void;
  delete(keyHash: string): void;
  /** Takes time only for the entries of that member. */
  deleteMember(member: Member): void;
  size(): number;
}

export const knownCaller = (keyHash: string, principal: Principal): KnownCaller => ({
  keyHash,
  principal,
  byokHeaders: [
    "X-BYOK-Scope",
    principal.byok.scope,
    "X-BYOK-Used",
    String(principal.byok.used),
    "X-BYOK-Capacity",
    String(principal.byok.capacity),
  ],
  logMembers: logMembers(principal),
});

function logMembers({ keyId, userId, orgId }: Principal): string {
  const ids = orgId === null ? { keyId, userId } : { keyId, userId, orgId };
  return JSON.stringify(ids).slice(1, -1);
}

const nameOf = ({ orgId, userId }: Member): string => `${orgId}|${userId}`;

export function createKnownCallers(maxEntries: number): KnownCallers {
  /** Org keys alone: no member's change concerns a personal one. */
  const keysOfMember = new Map<string, Set<string>>();

  function forget({ caller }: KnownEntry, keyHash: string): void {
    const name = nameOf(caller.principal);
    const keys = keysOfMember.get(name);
    keys?.delete(keyHash);
    if (keys?.size === 0) keysOfMember.delete(name);
  }

  const entries = new LRUCache<string, KnownEntry>({
    max: maxEntries,
    dispose: (entry, keyHash, reason) => {
      if (reason !== "set") forget(entry, keyHash);
    },
  });

  return {
    get: (keyHash) => entries.get(keyHash),
    set: (entry) => {
      const { keyHash, principal } = entry.caller;
      entries.set(keyHash, entry);
      if (principal.orgId === null) return;
      const name = nameOf(principal);
      const keys = keysOfMember.get(name);
      if (keys === undefined) keysOfMember.set(name, new Set([keyHash]));
      else keys.add(keyHash);
    },
    delete: (keyHash) => void entries.delete(keyHash),
    deleteMember: (member) => {
      for (const keyHash of keysOfMember.get(nameOf(member)) ?? []) entries.delete(keyHash);
    },
    size: () => entries.size,
  };
}
