import { planIdSchema } from "@topdog/contracts/plans";
import { chargeSourceSchema, planMeterSchema, utcDaySchema } from "@topdog/contracts/quota";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { endOfDay } from "../domain/utc-day.ts";
import { reachAccounts, type Slots } from "../usecases/reach-place.ts";
import { readLimits } from "../usecases/read-limits.ts";
import type { RouteDeps } from "./deps.ts";
import { orgIdField } from "./place-fields.ts";

const place = z.string().nullable().describe("The org that it counts in; null: the person's own account");

const limitsSchema = z
  .object({
    day: utcDaySchema,
    resetsAt: z.iso.datetime(),
    limits: z.array(
      z.object({
        orgId: place,
        source: chargeSourceSchema,
        meter: planMeterSchema,
        plan: planIdSchema,
        limit: z.int(),
        used: z.int(),
        remaining: z.int(),
        share: z
          .object({
            size: z.int().describe("Calls that are yours while others draw from the bucket too"),
            drawn: z.int().describe("What you have drawn today, with what is on its way to you"),
            kept: z.int().describe("Free calls that you cannot have now: they are kept for the shares of others"),
            members: z.int().describe("Who has a share now: members who drew within the last hour, and you"),
          })
          .nullable()
          .describe("Your share of an org's bucket; null: the bucket is yours alone"),
        resetsAt: z.iso.datetime(),
      }),
    ),
    ceilings: z
      .array(
        z.object({
          on: z.enum(["key", "member"]),
          setBy: z.enum(["holder", "org"]).describe("`holder`: whoever holds the key; `org`: an admin of the org"),
          limit: z.int(),
          used: z.int(),
          remaining: z.int(),
        }),
      )
      .describe("Limits of calls a day that somebody set below the plan's, on the asking key and on the member"),
    concurrency: z
      .array(z.object({ orgId: place, plan: planIdSchema, limit: z.int() }))
      .describe("How many calls may run at once"),
    byok: z
      .array(
        z.object({
          orgId: place,
          scope: z.enum(["user", "org"]),
          used: z.int(),
          capacity: z.int(),
          state: z
            .enum(["free", "full", "over"])
            .describe("`over`: more than the plan allows, since it became smaller"),
        }),
      )
      .describe("Slots for your own provider credentials"),
  })
  .meta({ id: "Limits", description: "Today's limits of the caller, in the order in which calls are charged to them" });

export const getLimitsRoute = ({ db, findStanding }: RouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/limits",
    summary: "Read your limits of today and what is left of them",
    description:
      "With a key those that it is charged to. With a session those of your personal keys, and with `orgId` those of your seat and of the org besides.",
    tags: ["Usage"],
    auth: "account",
    query: z.object({ orgId: orgIdField }),
    responses: { 200: limitsSchema },
    errors: ["not_found"],
    handler: async ({ caller, query }) => {
      const { accounts, ceilings: known, slots } = await reachAccounts(findStanding, caller, query.orgId);
      const { day, lines, ceilings: capped, concurrency } = await readLimits(db, accounts, known);
      const resetsAt = endOfDay(day);
      const limits = lines.map((line) => ({ ...line, remaining: Math.max(0, line.limit - line.used), resetsAt }));
      const ceilings = capped.map((one) => ({ ...one, remaining: Math.max(0, one.limit - one.used) }));
      return {
        status: 200 as const,
        body: { day, resetsAt, limits, ceilings, concurrency, byok: slots.map(toApiSlots) },
      };
    },
  });

const toApiSlots = (slots: Slots) => ({
  ...slots,
  state:
    slots.used < slots.capacity
      ? ("free" as const)
      : slots.used === slots.capacity
        ? ("full" as const)
        : ("over" as const),
});
