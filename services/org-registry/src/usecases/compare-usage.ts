import { maxSummedTenants, type TenantSum } from "@topdog/contracts/rpc/sum-usage";
import type { Database } from "@topdog/postgres/pool";
import { listTenantSums } from "../store/daily-usage.ts";
import { read } from "./change.ts";

export interface CompareUsageDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  /** What quota's ledger has of these tenants. */
  readonly askLedger: (day: string, tenants: readonly string[]) => Promise<readonly TenantSum[]>;
  readonly onCompared: (compared: number, disagreeing: number) => void;
}

const dayMs = 86_400_000;
const amounts = ["calls", "llmRequests", "refundedCalls", "promptTokens", "completionTokens", "costNanoUsd"] as const;
const textOf = (sum: TenantSum | undefined): string => amounts.map((name) => sum?.[name] ?? 0).join(" ");

/**
 * Compares a part of the tenants of yesterday and today with the ledger in each run, on from where the last one ended. Both sides are behind the
 * calls by some moments: so a difference counts when the next look finds the very same two figures.
 */
export function createUsageComparison({ db, nowMs, askLedger, onCompared }: CompareUsageDeps): () => Promise<void> {
  let place = { day: 0, after: "" };
  /** By day and tenant: both figures when they differed. */
  const differing = new Map<string, string>();
  const confirmed = new Set<string>();

  async function compare(day: string, own: readonly TenantSum[]): Promise<void> {
    const ledger = await askLedger(
      day,
      own.map(({ tenant }) => tenant),
    );
    for (const sum of own) {
      const key = `${day} ${sum.tenant}`;
      const [ours, theirs] = [textOf(sum), textOf(ledger.find(({ tenant }) => tenant === sum.tenant))];
      const both = `${ours} | ${theirs}`;
      if (ours === theirs) {
        differing.delete(key);
        confirmed.delete(key);
      } else if (differing.get(key) === both) confirmed.add(key);
      else differing.set(key, both);
    }
  }

  return async () => {
    const day = new Date(nowMs() - place.day * dayMs).toISOString().slice(0, 10);
    const own = await read(db, "everyone", (trx) => listTenantSums(trx, day, place.after, maxSummedTenants));
    if (own.length > 0) await compare(day, own);
    place =
      own.length < maxSummedTenants
        ? { day: place.day === 0 ? 1 : 0, after: "" }
        : { day: place.day, after: own.at(-1)?.tenant ?? "" };
    forgetDaysBefore(new Date(nowMs() - dayMs).toISOString().slice(0, 10));
    onCompared(own.length, confirmed.size);
  };

  /** Days that are compared no more. */
  function forgetDaysBefore(day: string): void {
    for (const key of differing.keys()) if (key < day) differing.delete(key);
    for (const key of confirmed) if (key < day) confirmed.delete(key);
  }
}
