import { planIdSchema, type OrgBucketRule } from "@topdog/contracts/plans";
import { z } from "zod";
import { formatUsd, type Price, type Tier } from "../domain/tier.ts";

const cents = z.int().min(0).describe("US cents");
const priceSchema = z.object({
  perMonthCents: cents,
  perIntervalCents: cents.describe("What is paid at once, in US cents"),
  discountPercent: z.int(),
  perMonth: z.string().describe("For people, as `$26.10`"),
  display: z.string().describe("For people, with its unit"),
});

const tierSchema = z.object({
  id: planIdSchema,
  name: z.string(),
  lineup: z.enum(["dev", "regulated"]),
  perSeat: z.boolean(),
  minimumSeats: z.int(),
  price: z.object({ month: priceSchema, year: priceSchema.nullable() }),
  limits: z.object({ apiCallsPerDay: z.int(), llmRequestsPerDay: z.int(), concurrentRequests: z.int() }),
  byok: z.object({
    scope: z.enum(["user", "org"]),
    slots: z.int().describe("Slots without a seat"),
    slotsPerSeat: z.int(),
    display: z.string(),
  }),
  orgBucket: z
    .object({
      callsPerSeatPerDay: z.int().nullable(),
      percentOfSeatCalls: z.int().nullable(),
      display: z.string(),
    })
    .nullable(),
  support: z.string(),
  notes: z.array(z.string()),
});

export const tiersSchema = z.object({ currency: z.literal("usd"), tiers: z.array(tierSchema) });

const toApiPrice = ({ perMonthCents, perIntervalCents, discountPercent, display }: Price) => ({
  perMonthCents,
  perIntervalCents,
  discountPercent,
  perMonth: formatUsd(perMonthCents),
  display,
});

const toApiOrgBucket = (rule: OrgBucketRule, display: string | null) =>
  rule.kind === "none" || display === null
    ? null
    : {
        callsPerSeatPerDay: rule.kind === "per_seat" ? rule.callsPerSeat : null,
        percentOfSeatCalls: rule.kind === "share" ? rule.percentOfSeatCalls : null,
        display,
      };

export function toApiTier({
  plan,
  month,
  year,
  byokDisplay,
  orgBucketDisplay,
  notes,
}: Tier): z.input<typeof tierSchema> {
  const { id, name, lineup, perSeat, minimumSeats, support } = plan;
  const { apiCallsPerDay, llmRequestsPerDay, concurrentRequests } = plan;
  const pool = plan.orgByokPool;
  return {
    id,
    name,
    lineup,
    perSeat,
    minimumSeats,
    price: { month: toApiPrice(month), year: year === null ? null : toApiPrice(year) },
    limits: { apiCallsPerDay, llmRequestsPerDay, concurrentRequests },
    byok: {
      scope: pool === null ? "user" : "org",
      slots: pool === null ? plan.personalByokSlots : pool.base,
      slotsPerSeat: pool?.perSeat ?? 0,
      display: byokDisplay,
    },
    orgBucket: toApiOrgBucket(plan.orgBucket, orgBucketDisplay),
    support,
    notes: [...notes],
  };
}
