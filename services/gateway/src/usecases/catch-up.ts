import type { listChanges } from "@topdog/contracts/rpc/list-changes";
import type { z } from "zod";
import type { Principals } from "../store/principals.ts";
import type { Moment } from "../store/soundness.ts";

type Question = z.infer<typeof listChanges.request>;
type Reply = z.infer<typeof listChanges.reply>;

/** What one event of org-registry changes in this process's memory. Applying it twice does no harm. */
export interface MissedChange {
  readonly subject: string;
  /** False when the payload is not what this version's contract says: nothing was done. */
  applyText(payload: string): boolean;
}

export interface CatchUpDeps {
  readonly principals: Principals;
  readonly changes: readonly MissedChange[];
  readonly ask: (question: Question) => Promise<Reply>;
}

/** Changes in one run; beyond them everything is asked about again, one by one. */
const maxPages = 20;
/** Org-registry keeps what it sent for an hour. */
const maxSpanMs = 1_800_000;
/** A horizon may go back by as much as a transaction's start is told late; by more only in another database, or by another clock. */
const horizonSlackMs = 5_000;
/** Runs while a key is fresh: one may fail. */
const runsPerTtl = 3;
/** Keys that are fresh for less are looked up at each call, which no catch-up can spare: it would ask without a pause. */
const leastIntervalMs = 1_000;

export const catchUpEveryMs = (ttlMs: number): number => Math.max(ttlMs / runsPerTtl, leastIntervalMs);

const wentBack = (horizon: string, since: string): boolean => Date.parse(horizon) < Date.parse(since) - horizonSlackMs;

/**
 * Drops what org-registry changed since the last run, whether its broadcast came or not, and so confirms everything else at the
 * cost of one question: the cache need not ask about each key again and again. Rejects when org-registry does not answer.
 */
export function createCatchUp({ principals, changes, ask }: CatchUpDeps): () => Promise<void> {
  const bySubject = new Map(changes.map((change) => [change.subject, change]));
  let last: { readonly began: Moment; readonly since: Moment; readonly horizon: string } | null = null;

  async function begin(): Promise<void> {
    const began = principals.moment();
    const { horizon } = await ask({ since: null, after: null });
    last = { began, since: began, horizon };
  }

  /**
   * The horizon for the next run; null when there is more than a run may take, what cannot be
   * read, or another database than the one that was asked before.
   */
  async function dropSince(since: string): Promise<string | null> {
    let horizon: string | null = null;
    let after: string | null = null;
    for (let page = 1; page <= maxPages; page += 1) {
      const reply: Reply = await ask({ since, after });
      horizon ??= reply.horizon;
      if (wentBack(horizon, since)) return null;
      // A newer org-registry may say what this version cannot read: then everything is asked about, as if too much had changed.
      if (!reply.changes.every(({ subject, payload }) => bySubject.get(subject)?.applyText(payload) ?? true))
        return null;
      if (reply.next === null) return horizon;
      after = reply.next;
    }
    return null;
  }

  return async () => {
    if (last === null) return begin();
    const now = principals.moment();
    const horizon = now.ms - last.began.ms > maxSpanMs ? null : await dropSince(last.horizon);
    if (horizon === null) {
      last = null;
      principals.distrustAll();
      return begin();
    }
    principals.confirmAll({ since: last.since, now });
    last = { began: now, since: last.since, horizon };
  };
}
