import { utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { Consistency } from "../usecases/measure-consistency.ts";
import type { RouteDeps } from "./deps.ts";

const count = z.int().min(0);

const consistencySchema = z
  .object({
    meteringConsistency: z.object({
      ratio: z.number().min(0).max(1),
      target: z.literal(1),
      fromDay: utcDaySchema,
      toDay: utcDaySchema,
      isWhole: z.boolean().meta({
        description:
          "False when there are too many buckets for one run: then this is a part of them, and the next run goes on after it",
      }),
      checkedBuckets: count,
      oversizedBuckets: count.meta({ description: "Left out: more ledger rows than a run may read" }),
      disagreeingBuckets: count,
      missingSeqs: count.meta({
        description: "Tokens that a later one proves to be used and that are not in the ledger (yet)",
      }),
      repeatedRows: count,
      burnedTokens: count.meta({ description: "Kept back because a gateway vanished and may have used them" }),
      oldestUnledgeredMs: z.int().min(0).nullable(),
    }),
    ledger: z.object({
      openRows: count.meta({ description: "Admitted calls whose usage record has not come yet" }),
      unknownRows: count.meta({ description: "Calls whose usage record did not come within the deadline" }),
      oldestOpenMs: z.int().min(0).nullable(),
    }),
    measuredAt: z.iso.datetime(),
  })
  .meta({ id: "Consistency", description: "Whether the durable ledger and the counters agree: yesterday and today" });

export const getConsistencyRoute = ({ measureConsistency }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/consistency/sli",
    summary: "Read the metering consistency SLI",
    description: "Computed from the ledger itself, once a second at most. The same numbers are series in /metrics.",
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
  const { ratio, fromDay, toDay, isWhole, checkedBuckets, oversizedBuckets, missingSeqs, repeatedRows, burnedTokens } =
    measured;
  return {
    meteringConsistency: {
      ratio,
      target: 1,
      fromDay,
      toDay,
      isWhole,
      checkedBuckets,
      oversizedBuckets,
      missingSeqs,
      repeatedRows,
      burnedTokens,
      disagreeingBuckets: checkedBuckets - measured.agreeingBuckets,
      oldestUnledgeredMs: wholeMs(measured.oldestGapMs),
    },
    ledger: {
      openRows: measured.openRows,
      unknownRows: measured.unknownRows,
      oldestOpenMs: wholeMs(measured.oldestOpenMs),
    },
    measuredAt: new Date(measured.measuredAtMs).toISOString(),
  };
}
