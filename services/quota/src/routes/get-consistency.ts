import { utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { Consistency } from "../usecases/measure-consistency.ts";
import type { RouteDeps } from "./deps.ts";

const count = z.int().min(0);

const gapSchema = z
  .object({
    day: utcDaySchema,
    owner: z.string(),
    meter: z.string(),
    leaseId: z.string().nullable().meta({ description: "Null: the bucket as a whole" }),
    guarantee: z.string(),
    kind: z.enum(["agreement", "conservation", "unknown", "missing"]),
    expected: z.int(),
    actual: z.int(),
    since: z.iso.datetime({ offset: true }),
  })
  .meta({ id: "MeteringGap", description: "A guarantee that does not hold" });

const consistencySchema = z
  .object({
    meteringConsistency: z.object({
      ratio: z.number().min(0).max(1),
      target: z.literal(1),
      fromDay: utcDaySchema.nullable(),
      toDay: utcDaySchema.nullable(),
      checkedBuckets: count,
      disagreeingBuckets: count.meta({
        description: "Those with calls that have no usage record, and overdue rows, count too, of whatever day",
      }),
      firstGap: gapSchema.nullable(),
      missingSeqs: count.meta({
        description: "Tokens that a later one proves to be used and that are not in the ledger (yet)",
      }),
      oldestUnledgeredMs: z.int().min(0).nullable(),
      behindMs: z.int().min(0).meta({ description: "Age of the oldest write to the ledger that is not compared yet" }),
    }),
    conservation: z.object({
      gaps: count.meta({ description: "Buckets and leases whose tokens do not add up" }),
    }),
    ledger: z.object({
      rows: count.meta({ description: "Charges of all kept days" }),
      openRows: count.meta({ description: "Admitted calls whose usage record has not come yet; counted up to 5,000" }),
      overdueRows: count.meta({ description: "Of these, the ones that should have been given up by now" }),
      unknownRows: count.meta({ description: "Calls whose usage record did not come within the deadline" }),
      oldestOpenMs: z.int().min(0).nullable(),
    }),
    measuredAt: z.iso.datetime(),
  })
  .meta({
    id: "Consistency",
    description: "Whether the durable ledger and the counters agree, of all days that are kept",
  });

export const getConsistencyRoute = ({ measureConsistency }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/consistency/sli",
    summary: "Read the metering consistency SLI",
    description:
      "What was written to the ledger is compared with the counters as it comes. 503 while the comparison is not known. The same numbers are series in /metrics.",
    tags: ["Operations"],
    auth: "operator",
    responses: { 200: consistencySchema },
    errors: [],
    handler: async () => ({ status: 200 as const, body: toApiConsistency(await measureConsistency()) }),
  });

/** The same for a person who operates the platform. */
export const getOperatorConsistencyRoute = ({ measureConsistency }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/operator/consistency",
    summary: "Read the metering consistency SLI",
    tags: ["Operator"],
    auth: "session",
    requires: ["operator"],
    responses: { 200: consistencySchema },
    errors: [],
    handler: async () => ({ status: 200 as const, body: toApiConsistency(await measureConsistency()) }),
  });

const wholeMs = (ms: number | null): number | null => (ms === null ? null : Math.max(0, Math.round(ms)));

function toApiConsistency(measured: Consistency): z.input<typeof consistencySchema> {
  const { ratio, fromDay, toDay, missingSeqs, firstGap, gaps } = measured;
  return {
    meteringConsistency: {
      ratio,
      target: 1,
      fromDay,
      toDay,
      checkedBuckets: measured.buckets,
      disagreeingBuckets: measured.buckets - measured.agreeingBuckets,
      firstGap,
      missingSeqs,
      oldestUnledgeredMs: wholeMs(measured.oldestGapMs),
      behindMs: Math.max(0, Math.round(measured.behindMs)),
    },
    conservation: { gaps: gaps.conservation },
    ledger: {
      rows: measured.charges,
      openRows: measured.openRows,
      overdueRows: measured.overdueRows,
      unknownRows: measured.unknownRows,
      oldestOpenMs: wholeMs(measured.oldestOpenMs),
    },
    measuredAt: new Date(measured.measuredAtMs).toISOString(),
  };
}
