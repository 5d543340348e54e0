import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Place } from "../domain/place.ts";
import type { UsageLine } from "../domain/usage-query.ts";
import { sumUsage } from "../store/usage-rollups.ts";
import { maxDaysOf, openHistory } from "./read-usage-history.ts";

export interface UsageReport {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly UsageLine[];
}

interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly scope: "own" | "org";
}

/** Days × sources × models: far more than a caller uses in a month. */
const maxLines = 20_000;

/** What the user used where they act, by day, source and model; whoever runs an org or pays for it may ask for the whole org. */
export async function readUsage(db: Database, place: Place, asked: Asked): Promise<UsageReport> {
  const query = await openHistory(
    db,
    place,
    { ...asked, interval: "day", groupBy: ["source", "model"] },
    maxDaysOf.hour,
  );
  const lines = await sumUsage(db, query, null, maxLines);
  if (lines.length === maxLines) {
    throw new AppError("invalid_request", {
      detail: "There is too much of it for one answer: read /api/usage/history.",
    });
  }
  return { from: query.from, to: query.to, lines };
}
