import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";
import { highestPossibleSeq, type Lease, settleRows } from "../domain/lease.ts";
import { openTallies, tallyLease, tallyOf } from "../domain/tally.ts";
import type { ChargedToken, UsageEntry } from "../store/ledger.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";
import type { QuotaDeps } from "./deps.ts";
import { type Aftermath, announce, writeMovements } from "./move-tokens.ts";

export interface Recorded {
  /** By index: what can never be recorded, and why. */
  readonly rejected: ReadonlyMap<number, Error>;
}

interface Outcome extends Recorded {
  readonly aftermath: Aftermath;
  readonly counts: {
    readonly created: number;
    readonly completed: number;
    readonly refunded: number;
    readonly charges: number;
  };
}

/**
 * Completes the ledger rows of calls that are over, in any order and however often they are told. A row that is not there yet is
 * made, with the accounting that its gateway's report would have done; that report then finds it there.
 */
export async function recordUsage(deps: QuotaDeps, usages: readonly UsageConsumed[], nowMs: number): Promise<Recorded> {
  const { rejected, aftermath, counts } = await deps.store.transaction((tx) => recordOnce(tx, usages));
  announce(deps, aftermath);
  const { ledgerRows, ledgerLagSeconds } = deps.metrics;
  ledgerRows.inc({ outcome: "created" }, counts.created);
  ledgerRows.inc({ outcome: "completed" }, counts.completed);
  ledgerRows.inc({ outcome: "refunded" }, counts.refunded);
  ledgerRows.inc({ outcome: "repeated" }, Math.max(0, counts.charges - counts.created - counts.completed));
  ledgerRows.inc(
    { outcome: "rejected" },
    [...rejected.keys()].reduce((sum, index) => sum + (usages[index]?.charges.length ?? 0), 0),
  );
  for (const [index, usage] of usages.entries()) {
    if (!rejected.has(index)) ledgerLagSeconds.observe(Math.max(0, nowMs - Date.parse(usage.finishedAt)) / 1000);
  }
  return { rejected };
}

async function recordOnce(tx: QuotaTransaction, usages: readonly UsageConsumed[]): Promise<Outcome> {
  const leaseIds = [...new Set(usages.flatMap(({ charges }) => charges.map(({ leaseId }) => leaseId)))];
  const { buckets } = await tx.lockBuckets([], leaseIds);
  const leases = new Map((await tx.readLeases(leaseIds, [])).map((lease) => [lease.leaseId, lease]));

  const rejected = new Map<number, Error>();
  const entries: UsageEntry[] = [];
  for (const [index, usage] of usages.entries()) {
    const objection = objectionTo(usage, leases);
    if (objection === null) entries.push({ usage, tokens: usage.charges.map((charge) => tokenOf(charge, leases)) });
    else rejected.set(index, new Error(objection));
  }
  // Rows up to what its gateway has reported are there: only the others may have to be made.
  const created = await tx.insertCharges(keepTokens(entries, (token) => token.seq > reportedOf(token, leases)));
  const completed = await tx.completeCharges(withoutRepeats(entries));
  const refunded = await tx.insertRefunds(keepTokens(entries, ({ meter }, usage) => isGivenBack(usage, meter)));

  const highest = highestSeqs(entries);
  const tallies = openTallies(buckets);
  const changed: Lease[] = [];
  for (const [leaseId, lease] of leases) {
    const tally = tallyOf(tallies, lease);
    tally.settled -= refunded.get(leaseId) ?? 0;
    const inserted = created.get(leaseId) ?? 0;
    if (inserted === 0) continue;
    const after = settleRows(lease, inserted, highest.get(leaseId) ?? 0);
    tallyLease(tally, lease, after, inserted);
    changed.push(after);
  }
  const aftermath = await writeMovements(tx, tallies, changed, []);
  const charges = entries.reduce((total, { tokens }) => total + tokens.length, 0);
  const counts = { created: sum(created), completed, refunded: sum(refunded), charges };
  return { rejected, aftermath, counts };
}

const keepTokens = (
  entries: readonly UsageEntry[],
  isKept: (token: ChargedToken, usage: UsageConsumed) => boolean,
): UsageEntry[] =>
  entries.map(({ usage, tokens }) => ({ usage, tokens: tokens.filter((token) => isKept(token, usage)) }));

/** Of two records of one call the first one's details stand: the update must not meet a row twice. */
function withoutRepeats(entries: readonly UsageEntry[]): UsageEntry[] {
  const seen = new Set<string>();
  const isFirst = (key: string): boolean => {
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
  return keepTokens(entries, ({ leaseId, seq }) => isFirst(`${leaseId}:${seq}`));
}

function highestSeqs(entries: readonly UsageEntry[]): ReadonlyMap<string, number> {
  const highest = new Map<string, number>();
  for (const { tokens } of entries) {
    for (const { leaseId, seq } of tokens) highest.set(leaseId, Math.max(seq, highest.get(leaseId) ?? 0));
  }
  return highest;
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

const isGivenBack = ({ refund, refundsLlmRequest }: UsageConsumed, meter: string): boolean =>
  refund || (refundsLlmRequest === true && meter === "llm_requests");

/** Why a record cannot be true: it would charge a token that no gateway was ever given. */
function objectionTo(usage: UsageConsumed, leases: ReadonlyMap<string, Lease>): string | null {
  for (const { leaseId, seq, meter } of usage.charges) {
    const lease = leases.get(leaseId);
    if (lease === undefined) return `lease ${leaseId} is unknown`;
    if (lease.meter !== meter) return `lease ${leaseId} is not of ${meter}`;
    if (seq > lease.highest && seq > highestPossibleSeq(lease))
      return `seq ${seq} of lease ${leaseId} was never granted`;
  }
  return null;
}

function leaseOf({ leaseId }: { readonly leaseId: string }, leases: ReadonlyMap<string, Lease>): Lease {
  const lease = leases.get(leaseId);
  if (lease === undefined) throw new Error("an objection was overlooked");
  return lease;
}

const tokenOf = (charge: Charge, leases: ReadonlyMap<string, Lease>): ChargedToken => ({
  leaseId: charge.leaseId,
  seq: charge.seq,
  day: leaseOf(charge, leases).day,
  meter: charge.meter,
});

const reportedOf = (token: ChargedToken, leases: ReadonlyMap<string, Lease>): number => leaseOf(token, leases).reported;
