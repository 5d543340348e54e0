import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Place } from "../domain/place.ts";
import { daysBetween } from "../domain/utc-day.ts";
import { readClock } from "../store/buckets.ts";
import { reportUsage, type UsageLine, type UsageScope } from "../store/usage-report.ts";

export interface UsageQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly scope: "own" | "org";
}

export interface UsageReport {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly UsageLine[];
}

const maxDays = 31;

/** What the user used where they act; whoever runs an org or pays for it may ask for the whole org. */
export async function readUsage(db: Database, place: Place, query: UsageQuery): Promise<UsageReport> {
  const scope = scopeOf(place, query.scope);
  const to = query.to ?? query.from ?? (await readClock(db)).today;
  const from = query.from ?? to;
  const days = daysBetween(from, to);
  if (!(days >= 1 && days <= maxDays)) {
    throw new AppError("invalid_request", { detail: `from and to must be days, in order, at most ${maxDays} of them` });
  }
  return { from, to, lines: await reportUsage(db, scope, from, to) };
}

function scopeOf({ userId, orgId, seesWholeOrg }: Place, asked: UsageQuery["scope"]): UsageScope {
  if (asked === "own") return { kind: "own", userId, orgId };
  if (orgId === null || !seesWholeOrg) {
    throw new AppError("forbidden", {
      detail:
        "The usage of an org is shown to its owner, its admins and who pays for it, with a key of that org or with `orgId`.",
    });
  }
  return { kind: "org", orgId };
}
