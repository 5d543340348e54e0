import type { MemberChanged } from "@topdog/contracts/events/org-events";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { AppError } from "@topdog/errors/app-error";
import { createKnownCallers, knownCaller, type KnownCaller } from "./known-callers.ts";
import { createRefusedKeys } from "./refused-keys.ts";
import { type Confirmation, createSoundness, type Moment } from "./soundness.ts";
import { createSingleFlight } from "./single-flight.ts";

export type Lookup = "hit" | "stale" | "miss" | "refused" | "failed";

/** Keys are named by their SHA-256 in hex. */
export interface Principals {
  /** The caller, if the key may be served without waiting: the steady state. Undefined: call `find`. */
  recall(keyHash: string): KnownCaller | undefined;
  /** Asks org-registry, unless the key is known to be refused; null for a refused key. Throws AppError 503. */
  find(keyHash: string): KnownCaller | null | Promise<KnownCaller | null>;
  revoke(keyHash: string): void;
  /** What the key may be used for changed: it is asked about before it is served. */
  dropKey(keyHash: string): void;
  /** A member's role or seat changed: their keys of this org are asked about again before they are served. */
  dropMember(member: Pick<MemberChanged, "orgId" | "userId">): void;
  /** The credentials of `user:<id>` or `org:<id>` changed, or how many it may have: what its keys' calls are told is out of date. */
  dropTenant(tenant: string): void;
  /** Broadcasts may have been missed: every key is asked about before it is served again. */
  distrustAll(): void;
  /** To be taken before org-registry is asked what changed. */
  moment(): Moment;
  /** Whatever org-registry changed between the two moments has been dropped here: all else is as right as if asked about. */
  confirmAll(confirmation: Confirmation): void;
  /** Rises when an entry may have become wrong: a caller that was found before must be looked up again. */
  changes(): number;
  size(): number;
}

export interface PrincipalsDeps {
  readonly resolve: (keyHash: string) => Promise<Principal | null>;
  readonly monotonicMs: () => number;
  readonly maxEntries: number;
  /** How long an answer of org-registry, or a confirmation of all, is served without asking again; for as long again it is served while org-registry is asked in the background. */
  readonly freshMs: number;
  /** An answer of this age is asked for again in the background, whatever has been confirmed. */
  readonly maxAgeMs: number;
  /** How long the last answer is served while org-registry does not answer. */
  readonly maxStaleMs: number;
  readonly onLookup: (outcome: Lookup) => void;
}

const maxLookupsInFlight = 512;
const maxLookupRounds = 3;
const retryAfterFailureMs = 1_000;

interface Asked extends Moment {
  readonly changes: number;
}

/** Asks again when something changed meanwhile, for the answer may be older than the change; within a bound. */
async function resolveSettled(
  { resolve }: PrincipalsDeps,
  keyHash: string,
  now: () => Asked,
): Promise<{ readonly principal: Principal | null; readonly asked: Asked }> {
  for (let round = 1; ; round += 1) {
    const asked = now();
    const principal = await resolve(keyHash);
    if (asked.changes === now().changes || round === maxLookupRounds) return { principal, asked };
  }
}

/**
 * Who the keys belong to. When a revoked key is refused depends on what works:
 * its broadcast arrives: at once; the bus was lost and is back: at its first use, because that waits for
 * org-registry; a broadcast was lost unnoticed: when changes are next asked for, or within twice `freshMs`; org-registry does
 * not answer either: `maxStaleMs` after its last answer about this key. No event costs more than the entries it is about,
 * and an entry that nothing is about costs nothing, however seldom it is used.
 */
export function createPrincipals(deps: PrincipalsDeps): Principals {
  const { monotonicMs, maxStaleMs } = deps;
  const known = createKnownCallers(deps.maxEntries);
  const refused = createRefusedKeys();
  const lookups = createSingleFlight<KnownCaller | null>(maxLookupsInFlight);
  let changes = 0;
  let revocations = 0;
  const soundness = createSoundness(deps);
  const drop = (work: () => void): void => {
    changes += 1;
    work();
  };

  async function lookUp(keyHash: string): Promise<KnownCaller | null> {
    const { principal, asked } = await resolveSettled(deps, keyHash, () => ({ changes, ...soundness.moment() }));
    if (principal === null || refused.isRevoked(keyHash)) {
      known.delete(keyHash);
      refused.noteUnknown(keyHash, asked.changes);
      return null;
    }
    const caller = knownCaller(keyHash, principal, known.get(keyHash)?.caller);
    if (asked.changes !== changes) return caller;
    known.set({ caller, confirmedMs: asked.ms, gaps: asked.gaps, triedGaps: asked.gaps, retryMs: null });
    return caller;
  }

  /** Without an answer the last one is still served, if it is not too old. */
  function standIn(keyHash: string, error: unknown): KnownCaller | null {
    if (refused.isRevoked(keyHash)) return null;
    const entry = known.get(keyHash);
    if (entry !== undefined && monotonicMs() - soundness.rightUntilMs(entry) < maxStaleMs) {
      entry.confirmedMs = soundness.rightUntilMs(entry);
      entry.retryMs = monotonicMs() + retryAfterFailureMs;
      entry.triedGaps = soundness.moment().gaps;
      deps.onLookup("stale");
      return entry.caller;
    }
    deps.onLookup("failed");
    const detail = "Your API key cannot be checked at the moment.";
    throw new AppError("temporary_reduced_capacity", { cause: error, detail, retryAfterSeconds: 1 });
  }

  async function ask(keyHash: string): Promise<KnownCaller | null> {
    let caller: KnownCaller | null;
    try {
      caller = await lookUp(keyHash);
    } catch (error) {
      return standIn(keyHash, error);
    }
    deps.onLookup(caller === null ? "refused" : "miss");
    return caller;
  }

  return {
    recall: (keyHash) => {
      const entry = known.get(keyHash);
      if (entry === undefined) return undefined;
      const standing = soundness.standingOf(entry);
      if (standing === "unusable") return undefined;
      if (standing === "fresh") {
        deps.onLookup("hit");
        return entry.caller;
      }
      // In the background, while the call is served: the next call sees the result.
      if (entry.retryMs === null || monotonicMs() >= entry.retryMs)
        lookups.run(keyHash, () => ask(keyHash))?.catch(() => undefined);
      deps.onLookup("stale");
      return entry.caller;
    },
    find: (keyHash) => {
      if (refused.isRefused(keyHash, changes)) {
        deps.onLookup("refused");
        return null;
      }
      const asked = lookups.run(keyHash, () => ask(keyHash));
      return asked ?? standIn(keyHash, new Error("too many keys are being looked up"));
    },
    revoke: (keyHash) => {
      revocations += 1;
      refused.noteRevoked(keyHash);
      known.delete(keyHash);
    },
    dropKey: (keyHash) => drop(() => known.delete(keyHash)),
    dropMember: (member) => drop(() => known.deleteMember(member)),
    dropTenant: (tenant) => drop(() => known.deleteTenant(tenant)),
    distrustAll: () => drop(() => soundness.distrustAll()),
    moment: soundness.moment,
    confirmAll: soundness.confirmAll,
    changes: () => changes + revocations,
    size: () => known.size(),
  };
}
