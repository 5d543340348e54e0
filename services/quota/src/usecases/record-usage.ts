import { isGivenBack, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";
import { ImpossibleEventError } from "@topdog/messaging/impossible-event";
import { impossibilityOf } from "../domain/impossible-usage.ts";
import { chargedOwnerOf, ownersOf } from "../domain/usage-owners.ts";
import { type Bucket, keyOf, refundsLeft } from "../domain/bucket.ts";
import { highestPossibleSeq, type Lease, settleRows } from "../domain/lease.ts";
import { openTallies, tallyDraw, tallyLease, tallyOf } from "../domain/tally.ts";
import { type ChargedToken, tokenKey, type UsageEntry } from "../store/ledger.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";
import type { QuotaDeps } from "./deps.ts";
import { type Aftermath, announce, writeMovements } from "./move-tokens.ts";

export interface Recorded {
  /** By index: what can never be recorded, and why. */
  readonly rejected: ReadonlyMap<number, Error>;
}

interface Outcome extends Recorded {
  readonly aftermath: Aftermath;
  readonly created: number;
  readonly completed: number;
  readonly refunded: number;
  /** Tokens that were to be given back, and that their bucket has given back enough for today. */
  readonly kept: number;
}

/** With its place in the batch. */
type Numbered = readonly [index: number, usage: UsageConsumed];

const nothing: Outcome = {
  rejected: new Map(),
  aftermath: { created: [], freed: [], used: [] },
  created: 0,
  completed: 0,
  refunded: 0,
  kept: 0,
};

/**
 * Completes the ledger rows of calls that are over, in any order and however often they are told. A row that is not there yet is
 * made, with the accounting that its gateway's report would have done; that report then finds it there. Most are there: these are
 * filled first, under no lock that a gateway's report would wait for.
 */
export async function recordUsage(deps: QuotaDeps, usages: readonly UsageConsumed[], nowMs: number): Promise<Recorded> {
  const { possible, impossible } = sift(usages);
  const filled = await deps.store.completeCharges(inLockOrder(possible.map(([, usage]) => asClaimed(usage))));
  const isDone = (usage: UsageConsumed): boolean =>
    usage.charges.every((charge) => filled.has(tokenKey(charge)) && !isGivenBack(usage, charge.meter));
  const rest = possible.filter(([, usage]) => !isDone(usage));
  const recorded = rest.length === 0 ? nothing : await deps.store.transaction((tx) => recordOnce(tx, rest));
  const outcome = { ...recorded, rejected: new Map([...impossible, ...recorded.rejected]) };
  announce(deps, outcome.aftermath);
  measure(deps, usages, { ...outcome, completed: outcome.completed + filled.size }, nowMs);
  for (const [index, usage] of usages.entries()) {
    if (!outcome.rejected.has(index)) deps.usageNews.completed(chargedOwnerOf(usage), usage.day);
  }
  return { rejected: outcome.rejected };
}

/** What is impossible is set aside at once: no later delivery makes it possible. */
function sift(usages: readonly UsageConsumed[]): { possible: Numbered[]; impossible: Map<number, Error> } {
  const possible: Numbered[] = [];
  const impossible = new Map<number, Error>();
  for (const [index, usage] of usages.entries()) {
    const reason = impossibilityOf(usage);
    if (reason === null) possible.push([index, usage]);
    else impossible.set(index, new ImpossibleEventError(reason));
  }
  return { possible, impossible };
}

function measure({ metrics }: QuotaDeps, usages: readonly UsageConsumed[], outcome: Outcome, nowMs: number): void {
  const { rejected, created, completed, refunded, kept } = outcome;
  const { ledgerRows, ledgerLagSeconds } = metrics;
  let charges = 0;
  let refused = 0;
  for (const [index, usage] of usages.entries()) {
    if (rejected.has(index)) refused += usage.charges.length;
    else {
      charges += usage.charges.length;
      ledgerLagSeconds.observe(Math.max(0, nowMs - Date.parse(usage.finishedAt)) / 1000);
    }
  }
  ledgerRows.inc({ outcome: "created" }, created);
  ledgerRows.inc({ outcome: "completed" }, completed);
  ledgerRows.inc({ outcome: "refunded" }, refunded);
  ledgerRows.inc({ outcome: "refund_kept" }, kept);
  ledgerRows.inc({ outcome: "repeated" }, Math.max(0, charges - created - completed));
  ledgerRows.inc({ outcome: "rejected" }, refused);
}

/** On the day that the record claims: it need not be the lease's, and then no row is found. */
const asClaimed = (usage: UsageConsumed): UsageEntry => ({
  usage,
  tokens: usage.charges.map(({ leaseId, seq, meter }) => ({ leaseId, seq, meter, day: usage.day })),
});

async function recordOnce(tx: QuotaTransaction, usages: readonly Numbered[]): Promise<Outcome> {
  const leaseIds = [...new Set(usages.flatMap(([, { charges }]) => charges.map(({ leaseId }) => leaseId)))];
  const { buckets } = await tx.lockBuckets([], leaseIds);
  const leases = new Map((await tx.readLeases(leaseIds)).map((lease) => [lease.leaseId, lease]));

  const rejected = new Map<number, Error>();
  const entries: UsageEntry[] = [];
  for (const [index, usage] of usages) {
    const objection = objectionTo(usage, leases);
    if (objection === null) entries.push({ usage, tokens: usage.charges.map((charge) => tokenOf(charge, leases)) });
    else rejected.set(index, new Error(objection));
  }
  // Rows up to what its gateway has reported are there: only the others may have to be made.
  const created = await tx.insertCharges(keepTokens(entries, (token) => token.seq > reportedOf(token, leases)));
  const { size: completed } = await tx.completeCharges(inLockOrder(entries));
  const tallies = openTallies(buckets);
  const givenBack = keepTokens(entries, ({ meter }, usage) => isGivenBack(usage, meter));
  const refundable = withinBounds(givenBack, ({ leaseId }) => tallyOf(tallies, leaseOf({ leaseId }, leases)).bucket);
  const refunded = await tx.insertRefunds(refundable);

  const highest = highestSeqs(entries);
  const changed: Lease[] = [];
  for (const [leaseId, lease] of leases) {
    const tally = tallyOf(tallies, lease);
    const back = refunded.get(leaseId) ?? 0;
    tally.settled -= back;
    tally.refunded += back;
    tallyDraw(tally, lease.member, -back);
    const inserted = created.get(leaseId) ?? 0;
    if (inserted === 0) continue;
    const after = settleRows(lease, inserted, highest.get(leaseId) ?? 0);
    tallyLease(tally, lease, after, inserted);
    changed.push(after);
  }
  const aftermath = await writeMovements(tx, tallies, changed, []);
  const kept = countTokens(givenBack) - countTokens(refundable);
  return { rejected, aftermath, created: sum(created), completed, refunded: sum(refunded), kept };
}

const keepTokens = (
  entries: readonly UsageEntry[],
  isKept: (token: ChargedToken, usage: UsageConsumed) => boolean,
): UsageEntry[] =>
  entries.map(({ usage, tokens }) => ({ usage, tokens: tokens.filter((token) => isKept(token, usage)) }));

/** Without the tokens for which their buckets have given back enough; one that is told again counts again here. */
function withinBounds(entries: readonly UsageEntry[], bucketOf: (token: ChargedToken) => Bucket): UsageEntry[] {
  const left = new Map<string, number>();
  return keepTokens(entries, (token) => {
    const bucket = bucketOf(token);
    const rest = left.get(keyOf(bucket)) ?? refundsLeft(bucket);
    left.set(keyOf(bucket), rest - 1);
    return rest > 0;
  });
}

const countTokens = (entries: readonly UsageEntry[]): number =>
  entries.reduce((total, { tokens }) => total + tokens.length, 0);

/**
 * Each token once, with the details of the first record about it, since an update must not meet a row twice; and calls in the order
 * of their tokens, in which every batch fills them.
 */
function inLockOrder(entries: readonly UsageEntry[]): UsageEntry[] {
  const seen = new Set<string>();
  const isFirst = (key: string): boolean => {
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
  const firstOf = ({ tokens: [token] }: UsageEntry): string => (token === undefined ? "" : tokenKey(token));
  return keepTokens(entries, (token) => isFirst(tokenKey(token))).toSorted((a, b) =>
    firstOf(a) < firstOf(b) ? -1 : 1,
  );
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

/** Why a record cannot be true: it would charge a token that no gateway was ever given. */
function objectionTo(usage: UsageConsumed, leases: ReadonlyMap<string, Lease>): string | null {
  for (const { leaseId, seq, meter } of usage.charges) {
    const lease = leases.get(leaseId);
    if (lease === undefined) return `lease ${leaseId} is unknown`;
    if (lease.meter !== meter) return `lease ${leaseId} is not of ${meter}`;
    // After a restore of the database another owner's lease may have the id.
    if (!ownersOf(usage).includes(lease.owner)) return `lease ${leaseId} belongs to somebody else`;
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
