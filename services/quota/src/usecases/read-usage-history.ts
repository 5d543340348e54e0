import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Place } from "../domain/place.ts";
import {
  positionOf,
  type UsageDimension,
  type UsageFilters,
  type UsageGrain,
  type UsageLine,
  type UsagePosition,
  type UsageQuery,
} from "../domain/usage-query.ts";
import { daysBetween } from "../domain/utc-day.ts";
import { readClock } from "../store/buckets.ts";
import { sumUsage } from "../store/usage-rollups.ts";

/** Days in one question. */
export const maxDaysOf: Readonly<Record<UsageGrain, number>> = { day: 400, hour: 31 };

export interface HistoryQuery extends UsageFilters {
  readonly interval: UsageGrain;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly scope: "own" | "org";
  readonly groupBy: readonly UsageDimension[];
  /** With the scope `org`: only this member's. */
  readonly userId?: string | undefined;
}

export interface HistoryPage {
  readonly query: UsageQuery;
  readonly lines: readonly UsageLine[];
  readonly next: UsagePosition | null;
}

/** Checked against the place where the caller acts, and bounded. */
export async function openHistory(
  db: Database,
  place: Place,
  asked: HistoryQuery,
  maxDays = maxDaysOf[asked.interval],
): Promise<UsageQuery> {
  const { interval: grain, keyId, source, model, provider } = asked;
  const whole = asked.scope === "org";
  if (whole && (place.orgId === null || !place.seesWholeOrg)) {
    throw new AppError("forbidden", {
      detail:
        "The usage of an org is shown to its owner, its admins and who pays for it, with a key of that org or with `orgId`.",
    });
  }
  if (!whole && asked.userId !== undefined && asked.userId !== place.userId) {
    throw new AppError("forbidden", { detail: "Another member's usage is shown with `scope=org` alone." });
  }
  const to = asked.to ?? asked.from ?? (await readClock(db)).today;
  const from = asked.from ?? to;
  const days = daysBetween(from, to);
  if (!(days >= 1 && days <= maxDays)) {
    throw new AppError("invalid_request", {
      detail: `from and to must be days, in order, at most ${maxDays} of them`,
    });
  }
  return {
    tenant: place.orgId === null ? `user:${place.userId}` : `org:${place.orgId}`,
    userId: whole ? (asked.userId ?? null) : place.userId,
    grain,
    from,
    to,
    by: asked.groupBy,
    filters: { keyId, source, model, provider },
  };
}

export async function readHistoryPage(
  db: Database,
  query: UsageQuery,
  after: UsagePosition | null,
  limit: number,
): Promise<HistoryPage> {
  const lines = await sumUsage(db, query, after, limit + 1);
  const last = lines.length > limit ? lines[limit - 1] : undefined;
  return { query, lines: lines.slice(0, limit), next: last === undefined ? null : positionOf(last, query.by) };
}

const linesPerRead = 1_000;
const maxExportedLines = 200_000;

/** All of it, a part at a time. */
export async function* exportHistory(db: Database, query: UsageQuery): AsyncGenerator<UsageLine> {
  let after: UsagePosition | null = null;
  for (let read = 0; read < maxExportedLines; read += linesPerRead) {
    const page: HistoryPage = await readHistoryPage(db, query, after, linesPerRead);
    yield* page.lines;
    if (page.next === null) return;
    after = page.next;
  }
  throw new AppError("invalid_request", { detail: `More than ${maxExportedLines} lines: ask for fewer days.` });
}
