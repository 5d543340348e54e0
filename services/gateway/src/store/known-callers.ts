import { orgTenant, userTenant } from "@topdog/contracts/byok";
import type { MemberChanged } from "@topdog/contracts/events/org-events";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { addressRanges } from "@topdog/http-kit/client-address";
import { LRUCache } from "lru-cache";

export interface KeyChecks {
  /** Unix milliseconds; infinite for a key that does not expire. */
  readonly expiresAtMs: number;
  readonly allowsAddress: ((address: string) => boolean) | null;
}

/** A principal with what every answer to it repeats. */
export interface KnownCaller {
  readonly keyHash: string;
  readonly principal: Principal;
  /** What each use of the key is checked for here; null for a key without such restrictions. */
  readonly checks: KeyChecks | null;
  /** When org-registry was last told of a use, on the monotonic clock. */
  readonly lastUse: { toldMs: number };
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
type MemberOfOrg = Pick<MemberChanged, "orgId" | "userId">;

/** The entries of the keys that were used last, by key, by user, by org and by member. */
export interface KnownCallers {
  get(keyHash: string): KnownEntry | undefined;
  set(entry: KnownEntry): void;
  delete(keyHash: string): void;
  /** Takes time only for the keys of that user in that org. */
  deleteMember(member: MemberOfOrg): void;
  /** Every key whose calls may be served with credentials of `user:<id>` or `org:<id>`. Takes time only for these. */
  deleteTenant(tenant: string): void;
  size(): number;
}

/** `known`: the same key as it was known before. */
export const knownCaller = (keyHash: string, principal: Principal, known?: KnownCaller): KnownCaller => ({
  keyHash,
  principal,
  checks: checksOf(principal),
  lastUse: known?.lastUse ?? { toldMs: Number.NEGATIVE_INFINITY },
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

/** The allowed models are checked by the router, which reads the body. */
function checksOf({ restrictions }: Principal): KeyChecks | null {
  if (restrictions === null || (restrictions.expiresAtMs === null && restrictions.addresses === null)) return null;
  const { expiresAtMs, addresses } = restrictions;
  return {
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    allowsAddress: addresses === null ? null : addressRanges(addresses),
  };
}

function logMembers({ keyId, userId, orgId }: Principal): string {
  const ids = orgId === null ? { keyId, userId } : { keyId, userId, orgId };
  return JSON.stringify(ids).slice(1, -1);
}

const memberOf = (orgId: string, userId: string): string => `member:${orgId}:${userId}`;

/** What an entry is found by beside its key: the user, and of an org key the org and the member. */
const tenantsOf = ({ orgId, userId }: Member): string[] =>
  orgId === null ? [userTenant(userId)] : [userTenant(userId), orgTenant(orgId), memberOf(orgId, userId)];

export function createKnownCallers(maxEntries: number): KnownCallers {
  /** A lone key stands for itself: most users have one, and a set of it costs ten times as much. */
  const keysOf = new Map<string, string | Set<string>>();

  function remember(tenant: string, keyHash: string): void {
    const keys = keysOf.get(tenant);
    if (keys === undefined) keysOf.set(tenant, keyHash);
    else if (typeof keys !== "string") keys.add(keyHash);
    else if (keys !== keyHash) keysOf.set(tenant, new Set([keys, keyHash]));
  }

  function forget(tenant: string, keyHash: string): void {
    const keys = keysOf.get(tenant);
    if (keys === keyHash) keysOf.delete(tenant);
    if (keys === undefined || typeof keys === "string") return;
    keys.delete(keyHash);
    if (keys.size === 0) keysOf.delete(tenant);
  }

  function listKeys(tenant: string): readonly string[] {
    const keys = keysOf.get(tenant) ?? [];
    return typeof keys === "string" ? [keys] : [...keys];
  }

  const entries = new LRUCache<string, KnownEntry>({
    max: maxEntries,
    dispose: (entry, keyHash, reason) => {
      if (reason === "set") return;
      for (const tenant of tenantsOf(entry.caller.principal)) forget(tenant, keyHash);
    },
  });

  return {
    get: (keyHash) => entries.get(keyHash),
    set: (entry) => {
      const { keyHash, principal } = entry.caller;
      entries.set(keyHash, entry);
      for (const tenant of tenantsOf(principal)) remember(tenant, keyHash);
    },
    delete: (keyHash) => void entries.delete(keyHash),
    deleteMember: ({ orgId, userId }) => {
      for (const keyHash of listKeys(memberOf(orgId, userId))) entries.delete(keyHash);
    },
    deleteTenant: (tenant) => {
      for (const keyHash of listKeys(tenant)) entries.delete(keyHash);
    },
    size: () => entries.size,
  };
}
