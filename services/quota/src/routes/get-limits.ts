import { bucketsOf } from "@topdog/contracts/account-call";
import { planIdSchema } from "@topdog/contracts/plans";
import { chargeSourceSchema, meterSchema, utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { endOfDay } from "../domain/utc-day.ts";
import { readLimits } from "../usecases/read-limits.ts";
import type { RouteDeps } from "./deps.ts";

const limitsSchema = z
  .object({
    day: utcDaySchema,
    resetsAt: z.iso.datetime(),
    limits: z.array(
      z.object({
        source: chargeSourceSchema,
        meter: meterSchema,
        plan: planIdSchema,
        limit: z.int(),
        used: z.int(),
        remaining: z.int(),
        resetsAt: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: "Limits", description: "Today's limits of the caller, in the order in which calls are charged to them" });

export const getLimitsRoute = ({ db }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/limits",
    summary: "Read your limits of today and what is left of them",
    tags: ["Usage"],
    auth: "account",
    responses: { 200: limitsSchema },
    errors: [],
    handler: async ({ caller }) => {
      const { day, lines } = await readLimits(db, bucketsOf(caller));
      const resetsAt = endOfDay(day);
      const limits = lines.map((line) => ({ ...line, remaining: Math.max(0, line.limit - line.used), resetsAt }));
      return { status: 200 as const, body: { day, resetsAt, limits } };
    },
  });
