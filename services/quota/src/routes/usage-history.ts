import { Readable } from "node:stream";
import { utcDaySchema } from "@topdog/contracts/quota";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
import { z } from "zod";
import { type UsageDimension, type UsageLine, type UsagePosition, usageGrains } from "../domain/usage-query.ts";
import { reachPlace } from "../usecases/reach-place.ts";
import { exportHistory, openHistory, readHistoryPage } from "../usecases/read-usage-history.ts";
import { csvLine } from "./csv.ts";
import type { RouteDeps } from "./deps.ts";
import { usageCursor, toUsageCursor } from "./usage-cursor.ts";
import { historyFields, historyLineSchema, withUsd } from "./usage-fields.ts";

const common = { method: "get", tags: ["Usage"], auth: "account", errors: ["forbidden", "not_found"] } as const;
const description =
  "Calls that are over, exact to the ledger, oldest first; intervals without calls are left out. At most 400 days by day, 31 by hour.";

export const readHistoryRoute = ({ db, findStanding }: RouteDeps) =>
  defineRoute({
    ...common,
    path: "/api/usage/history",
    summary: "Read what was used, by day or hour, split as you like",
    description,
    query: z.object({
      ...historyFields,
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: usageCursor.optional().describe("`nextCursor` of the page before, with the same `groupBy`"),
    }),
    responses: {
      200: z
        .object({
          interval: z.enum(usageGrains),
          from: utcDaySchema,
          to: utcDaySchema,
          items: z.array(historyLineSchema),
          nextCursor: z.string().nullable().describe("Null on the last page"),
        })
        .meta({ id: "UsageHistory" }),
    },
    handler: async ({ caller, query: { cursor, limit, orgId, ...asked } }) => {
      const query = await openHistory(db, await reachPlace(findStanding, caller, orgId), asked);
      const { lines, next } = await readHistoryPage(db, query, positionIn(cursor, asked.groupBy), limit);
      const { grain: interval, from, to } = query;
      const nextCursor = next === null ? null : toUsageCursor(next);
      return { status: 200 as const, body: { interval, from, to, items: lines.map(toApiLine), nextCursor } };
    },
  });

/** A cursor of a question that was split otherwise stands nowhere in this one's order. */
function positionIn(cursor: UsagePosition | undefined, by: readonly UsageDimension[]): UsagePosition | null {
  if (cursor === undefined) return null;
  if (cursor.length === by.length + 1) return cursor;
  throw new AppError("invalid_request", { detail: "cursor: must be of an answer with the same groupBy" });
}

const apiNames = {
  meter: "meter",
  source: "source",
  key: "keyId",
  member: "userId",
  model: "model",
  provider: "provider",
} as const satisfies Record<UsageDimension, string>;

function toApiLine({ key, member, ...line }: UsageLine): z.input<typeof historyLineSchema> {
  return {
    ...withUsd(line),
    ...(key === undefined ? {} : { keyId: key }),
    ...(member === undefined ? {} : { userId: member }),
  };
}

const amounts = [
  "calls",
  "llmRequests",
  "llmRequestsCharged",
  "refundedCalls",
  "promptTokens",
  "completionTokens",
  "costNanoUsd",
  "costUsd",
  "unpricedCalls",
] as const;

async function* csvOf(lines: AsyncGenerator<UsageLine>, by: readonly UsageDimension[]): AsyncGenerator<string> {
  const charged = by.includes("meter") ? (["charged"] as const) : [];
  const columns = ["at" as const, ...by.map((dimension) => apiNames[dimension]), ...charged, ...amounts];
  yield csvLine(columns);
  for await (const line of lines) {
    const cells = toApiLine(line);
    yield csvLine(columns.map((column) => cells[column]));
  }
}

export const exportHistoryRoute = ({ db, findStanding }: RouteDeps) =>
  defineRoute({
    ...common,
    path: "/api/usage/history.csv",
    summary: "Export what was used as CSV, all of the range",
    description,
    query: z.object(historyFields),
    responses: { 200: streamed("text/csv", "A line of names, then one line for each interval") },
    handler: async ({ caller, query: { orgId, ...asked } }) => {
      const query = await openHistory(db, await reachPlace(findStanding, caller, orgId), asked);
      return {
        status: 200 as const,
        stream: Readable.from(csvOf(exportHistory(db, query), query.by)),
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": `attachment; filename="usage-${query.from}-${query.to}.csv"`,
        },
      };
    },
  });
