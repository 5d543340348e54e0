import type { LostTime } from "./chaos-faults.ts";
import { lastFindings } from "./eventually.ts";
import { invariantViolations, lastingCharges, type LedgerAccess, ledgerByRequest, type LedgerRow } from "./ledger.ts";
import type { Observation } from "./load.ts";

/** What clients saw, and what may be held against it. */
export interface History {
  readonly observations: readonly Observation[];
  /** By caller: whose buckets may be charged. Absent: not looked at. */
  readonly owners?: readonly (readonly string[])[];
  /** From backups until they were restored; none when absent. */
  readonly lost?: readonly LostTime[];
}

export interface Findings {
  /** Complete answers without exactly one completed charge row. */
  readonly completeWithoutOneRow: string[];
  /** Streams that delivered content and have no row at all. */
  readonly deliveredWithoutRow: string[];
  /** Requests whose API call was charged more than once. */
  readonly chargedTwice: string[];
  /** Requests that were charged to somebody else than their caller. */
  readonly misattributed: string[];
  readonly violations: unknown[];
}

export const nothingWrong: Findings = {
  completeWithoutOneRow: [],
  deliveredWithoutRow: [],
  chargedTwice: [],
  misattributed: [],
  violations: [],
};

/** It may be charged or not: the database that took it is gone. */
export const isForgotten = ({ lost = [] }: History, { startedMs, endedMs }: Observation): boolean =>
  lost.some(({ fromMs, toMs }) => startedMs < toMs && endedMs > fromMs);

/** Waits until the usage pipeline is empty, then holds what clients saw against the ledger. */
export async function holdAgainstLedger(platform: LedgerAccess, history: History, drainMs = 60_000): Promise<Findings> {
  const { observations, owners = [] } = history;
  const identified = observations.filter((one) => one.requestId !== null);
  const sure = identified.filter((one) => !isForgotten(history, one));
  const idOf = (one: Observation): string => one.requestId ?? "";
  const find = async (): Promise<Findings> => {
    const rows = await ledgerByRequest(platform);
    const charges = (id: string): LedgerRow[] => lastingCharges(rows.get(id) ?? []);
    const isOthers = (one: Observation): boolean => {
      const own = owners[one.caller];
      return (
        own !== undefined && (rows.get(idOf(one)) ?? []).some(({ owner }) => owner === null || !own.includes(owner))
      );
    };
    return {
      completeWithoutOneRow: sure
        .filter((one) => one.complete && charges(idOf(one)).filter((row) => row.state === "completed").length !== 1)
        .map(idOf),
      deliveredWithoutRow: sure.filter((one) => one.contentEvents > 0 && charges(idOf(one)).length === 0).map(idOf),
      chargedTwice: [...rows.keys()].filter((id) => charges(id).length > 1),
      misattributed: identified.filter(isOthers).map(idOf),
      violations: await invariantViolations(platform),
    };
  };
  return lastFindings("what the ledger has", find, isClean, { timeoutMs: drainMs, intervalMs: 500 });
}

export const isClean = (found: Readonly<Record<string, unknown[]>> | Findings): boolean =>
  Object.values(found).every((list: unknown[]) => list.length === 0);
