import type { SessionCaller } from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import { LRUCache } from "lru-cache";
import { createRefusedKeys } from "./refused-keys.ts";
import { createSingleFlight } from "./single-flight.ts";

/** Sessions are named by the SHA-256 of their token in hex. */
export interface Sessions {
  /** From memory: null for one that is no session, undefined when org-registry must be asked. */
  recall(tokenHash: string): SessionCaller | null | undefined;
  /** From memory, or as org-registry says; null for one that is not known, or has ended. Throws AppError 503. */
  find(tokenHash: string): SessionCaller | null | Promise<SessionCaller | null>;
  revoke(tokenHash: string): void;
  /** Broadcasts may have been missed: every session is asked about before it is served again. */
  distrustAll(): void;
  size(): number;
}

export interface SessionsDeps {
  readonly resolve: (tokenHash: string) => Promise<SessionCaller | null>;
  readonly monotonicMs: () => number;
  readonly maxEntries: number;
  /** How long an answer of org-registry is served without asking again. */
  readonly freshMs: number;
}

const maxLookupsInFlight = 256;
/** No event makes a session of what was none. */
const unchanging = 0;

interface Entry {
  readonly session: SessionCaller;
  readonly confirmedMs: number;
}

/**
 * Who is signed in. A session that has ended is refused as soon as the broadcast arrives; when it was lost, after `freshMs` at
 * the latest. Without an answer of org-registry nothing older is served: all that a session may do needs it anyhow.
 */
export function createSessions({ resolve, monotonicMs, maxEntries, freshMs }: SessionsDeps): Sessions {
  const known = new LRUCache<string, Entry>({ max: maxEntries });
  const refused = createRefusedKeys();
  const lookups = createSingleFlight<SessionCaller | null>(maxLookupsInFlight);
  let gaps = 0;

  async function ask(tokenHash: string): Promise<SessionCaller | null> {
    const asked = { gaps, confirmedMs: monotonicMs() };
    const session = await resolve(tokenHash).catch((cause: unknown) => {
      const detail = "Your session cannot be checked at the moment.";
      throw new AppError("temporary_reduced_capacity", { cause, detail, retryAfterSeconds: 1 });
    });
    // Nobody can have a token before it is a session's: what is none now never becomes one.
    if (session === null) refused.noteUnknown(tokenHash, unchanging);
    // A revocation may have overtaken the answer.
    if (session === null || refused.isRevoked(tokenHash)) return null;
    if (asked.gaps === gaps) known.set(tokenHash, { session, confirmedMs: asked.confirmedMs });
    return session;
  }

  function recall(tokenHash: string): SessionCaller | null | undefined {
    if (refused.isRefused(tokenHash, unchanging)) return null;
    const entry = known.get(tokenHash);
    return entry !== undefined && monotonicMs() - entry.confirmedMs < freshMs ? entry.session : undefined;
  }

  return {
    recall,
    find: (tokenHash) => {
      const remembered = recall(tokenHash);
      if (remembered !== undefined) return remembered;
      const asked = lookups.run(tokenHash, () => ask(tokenHash));
      if (asked === null) throw new AppError("overloaded", { retryAfterSeconds: 1 });
      return asked;
    },
    revoke: (tokenHash) => {
      refused.noteRevoked(tokenHash);
      known.delete(tokenHash);
    },
    distrustAll: () => {
      gaps += 1;
      known.clear();
    },
    size: () => known.size,
  };
}
