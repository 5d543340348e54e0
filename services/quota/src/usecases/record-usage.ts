import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";
import { highestPossibleSeq, type Lease, settleRows } from "../domain/lease.ts";
import { openTallies, tallyLease, tallyOf } from "../domain/tally.ts";
import type { UsageRow } from "../store/ledger.ts";
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
  const charges: UsageRow[] = [];
  const refunds: UsageRow[] = [];
  for (const [index, usage] of usages.entries()) {
    const objection = objectionTo(usage, leases);
    if (objection !== null) {
      rejected.set(index, new Error(objection));
      continue;
    }
    const rows = usage.charges.map((charge, position) => toRow(usage, charge, position === 0, leases));
    charges.push(...rows);
    refunds.push(...rows.filter(({ meter }) => isGivenBack(usage, meter)));
  }
  // The update must not meet a row twice; of two records of one call the first one's details stand.
  const details = [...new Map(charges.toReversed().map((row) => [`${row.lease_id}:${row.seq}`, row])).values()];
  const created = await tx.insertCharges(charges);
  const completed = await tx.completeCharges(details);
  const refunded = await tx.insertRefunds(refunds);

  const tallies = openTallies(buckets);
  const changed: Lease[] = [];
  for (const [leaseId, lease] of leases) {
    const tally = tallyOf(tallies, lease);
    tally.settled -= refunded.get(leaseId) ?? 0;
    const inserted = created.get(leaseId) ?? 0;
    if (inserted === 0) continue;
    const highest = Math.max(...charges.filter((row) => row.lease_id === leaseId).map((row) => row.seq));
    const after = settleRows(lease, inserted, highest);
    tallyLease(tally, lease, after, inserted);
    changed.push(after);
  }
  const aftermath = await writeMovements(tx, tallies, changed, []);
  const counts = { created: sum(created), completed, refunded: sum(refunded), charges: charges.length };
  return { rejected, aftermath, counts };
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

function toRow(usage: UsageConsumed, charge: Charge, isCall: boolean, leases: ReadonlyMap<string, Lease>): UsageRow {
  const lease = leases.get(charge.leaseId);
  if (lease === undefined) throw new Error("an objection was overlooked");
  return {
    lease_id: charge.leaseId,
    seq: charge.seq,
    day: lease.day,
    meter: charge.meter,
    request_id: usage.requestId,
    key_id: usage.keyId,
    user_id: usage.userId,
    org_id: usage.orgId,
    source: usage.source,
    endpoint: usage.endpoint,
    streamed: usage.streamed,
    outcome: usage.outcome,
    model: usage.model,
    provider: usage.provider,
    prompt_tokens: isCall ? usage.promptTokens : null,
    completion_tokens: isCall ? usage.completionTokens : null,
    estimated: usage.estimated,
    cost_nano_usd: isCall ? usage.costNanoUsd : null,
    attempts: usage.attempts,
    started_at: usage.startedAt,
    finished_at: usage.finishedAt,
  };
}
