import type { listCredentials, ListedCredential } from "@topdog/contracts/rpc/list-credentials";
import { AppError } from "@topdog/errors/app-error";
import { LRUCache } from "lru-cache";
import type { z } from "zod";
import type { TenantCredentials } from "../domain/candidates.ts";

type Ask = (question: z.infer<typeof listCredentials.request>) => Promise<z.infer<typeof listCredentials.reply>>;

export interface ByokCredentials {
  /** A tenant's envelopes: at once when they are known and current. Rejects with AppError 503 when nobody can tell. */
  of(tenant: string): TenantCredentials | Promise<TenantCredentials>;
  /** They changed: what is known of them is forgotten. */
  drop(tenant: string): void;
  /** Changes may have been missed: everything is asked for at its next use. */
  distrustAll(): void;
}

export interface ByokCredentialsDeps {
  readonly ask: Ask;
  readonly monotonicMs: () => number;
  /** Credentials of all tenants together; those that were used last are kept. */
  readonly maxCredentials: number;
}

interface Entry {
  readonly known: TenantCredentials;
  readonly askedMs: number;
  /** How often changes may have been missed by then. */
  readonly gaps: number;
}

/** An answer is asked for again after this time: a broadcast that was lost unnoticed counts from then on. */
const freshMs = 60_000;
/** How long the last answer counts while org-registry does not answer; never after a change that was heard of. */
const maxStaleMs = 300_000;
const maxRounds = 3;
/** Of one tenant, 50 credentials each. */
const maxPages = 400;

async function askAll(ask: Ask, tenant: string): Promise<TenantCredentials> {
  const credentials: ListedCredential[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const reply = await ask({ tenant, skip: credentials.length });
    credentials.push(...reply.credentials);
    if (!reply.hasMore) return { credentials, fallback: reply.fallback };
  }
  throw new Error("a tenant has more credentials than are read");
}

/** Envelopes by tenant, in memory. What they hold is opened for one call at a time, elsewhere. */
export function createByokCredentials({ ask, monotonicMs, maxCredentials }: ByokCredentialsDeps): ByokCredentials {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxCredentials,
    sizeCalculation: ({ known }) => known.credentials.length + 1,
  });
  const asking = new Map<string, Promise<TenantCredentials>>();
  let gaps = 0;
  let changes = 0;

  /** Asked again when something changed meanwhile: the answer may be older than the change. */
  async function refresh(tenant: string): Promise<TenantCredentials> {
    for (let round = 1; ; round += 1) {
      const before = { changes, gaps, askedMs: monotonicMs() };
      const known = await askAll(ask, tenant);
      if (before.changes === changes) {
        entries.set(tenant, { known, askedMs: before.askedMs, gaps: before.gaps });
        return known;
      }
      if (round === maxRounds) return known;
    }
  }

  async function find(tenant: string): Promise<TenantCredentials> {
    try {
      return await refresh(tenant);
    } catch (error) {
      const entry = entries.get(tenant);
      if (entry !== undefined && monotonicMs() - entry.askedMs < maxStaleMs) return entry.known;
      const detail = "Your provider credentials cannot be read at the moment.";
      throw new AppError("temporary_reduced_capacity", { cause: error, detail, retryAfterSeconds: 1 });
    }
  }

  return {
    of(tenant) {
      const entry = entries.get(tenant);
      if (entry !== undefined && entry.gaps === gaps && monotonicMs() - entry.askedMs < freshMs) return entry.known;
      const running = asking.get(tenant);
      if (running !== undefined) return running;
      const found = find(tenant).finally(() => asking.delete(tenant));
      asking.set(tenant, found);
      return found;
    },
    drop(tenant) {
      changes += 1;
      entries.delete(tenant);
    },
    distrustAll() {
      changes += 1;
      gaps += 1;
    },
  };
}
