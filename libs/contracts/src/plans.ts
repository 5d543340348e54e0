import { z } from "zod";

/** The one plan catalogue: every limit, price and page is derived from it. Money is in whole US cents. */
export const planIds = [
  "free",
  "pro",
  "pro_plus",
  "teams",
  "enterprise",
  "med_pro",
  "med_teams",
  "med_enterprise",
  "sci_pro",
  "sci_teams",
  "sci_enterprise",
] as const;
export const planIdSchema = z.enum(planIds);
export type PlanId = z.infer<typeof planIdSchema>;

export type Lineup = "dev" | "regulated";

/** Slots for bring-your-own-key credentials: `base + perSeat × seats`. */
export interface SlotRule {
  readonly base: number;
  readonly perSeat: number;
}

/** The limit of the org bucket, in API calls per day: a number per seat, or a share of the seats' own calls in percent. */
export type OrgBucketRule =
  | { readonly kind: "none" }
  | { readonly kind: "per_seat"; readonly callsPerSeat: number }
  | { readonly kind: "share"; readonly percentOfSeatCalls: number };

export interface Plan {
  readonly id: PlanId;
  readonly name: string;
  readonly lineup: Lineup;
  readonly perSeat: boolean;
  readonly minimumSeats: number;
  readonly monthlyPriceCents: number;
  readonly annualDiscountPercent: number;
  /** Per caller: the subscriber, or each seat-holder of an org. */
  readonly apiCallsPerDay: number;
  readonly llmRequestsPerDay: number;
  readonly concurrentRequests: number;
  readonly personalByokSlots: number;
  readonly orgByokPool: SlotRule | null;
  readonly orgBucket: OrgBucketRule;
  readonly support: string;
}

const dev = { lineup: "dev", annualDiscountPercent: 10 } as const;
const regulated = { lineup: "regulated", annualDiscountPercent: 0 } as const;
const personal = { perSeat: false, minimumSeats: 1, orgByokPool: null, orgBucket: { kind: "none" } } as const;
const seats = (minimumSeats: number) => ({ perSeat: true, minimumSeats, personalByokSlots: 0 }) as const;
const perSeat = (callsPerSeat: number) => ({ kind: "per_seat", callsPerSeat }) as const;
const share = (percentOfSeatCalls: number) => ({ kind: "share", percentOfSeatCalls }) as const;
const limits = (apiCallsPerDay: number, llmRequestsPerDay: number, concurrentRequests: number) =>
  ({ apiCallsPerDay, llmRequestsPerDay, concurrentRequests }) as const;

export const plans: Readonly<Record<PlanId, Plan>> = {
  free: {
    id: "free",
    name: "Free",
    ...dev,
    ...personal,
    ...limits(75, 40, 1),
    monthlyPriceCents: 0,
    personalByokSlots: 2,
    support: "community",
  },
  pro: {
    id: "pro",
    name: "Pro",
    ...dev,
    ...personal,
    ...limits(800, 300, 2),
    monthlyPriceCents: 2900,
    personalByokSlots: 3,
    support: "email within 48 h",
  },
  pro_plus: {
    id: "pro_plus",
    name: "Pro Plus",
    ...dev,
    ...personal,
    ...limits(1200, 450, 3),
    monthlyPriceCents: 4900,
    personalByokSlots: 5,
    support: "email within 36 h",
  },
  teams: {
    id: "teams",
    name: "Teams",
    ...dev,
    ...seats(3),
    ...limits(1600, 600, 3),
    monthlyPriceCents: 3900,
    orgByokPool: { base: 12, perSeat: 2 },
    orgBucket: perSeat(400),
    support: "email within 24 h",
  },
  enterprise: {
    id: "enterprise",
    name: "Enterprise",
    ...dev,
    ...seats(10),
    ...limits(3500, 1400, 6),
    monthlyPriceCents: 7900,
    orgByokPool: { base: 24, perSeat: 3 },
    orgBucket: perSeat(1750),
    support: "named manager",
  },
  med_pro: {
    id: "med_pro",
    name: "Medical Pro",
    ...regulated,
    ...personal,
    ...limits(1200, 450, 3),
    monthlyPriceCents: 8900,
    personalByokSlots: 5,
    support: "email within 36 h",
  },
  med_teams: {
    id: "med_teams",
    name: "Medical Teams",
    ...regulated,
    ...seats(5),
    ...limits(2000, 800, 4),
    monthlyPriceCents: 12900,
    orgByokPool: { base: 0, perSeat: 7 },
    orgBucket: share(35),
    support: "email within 24 h",
  },
  med_enterprise: {
    id: "med_enterprise",
    name: "Medical Enterprise",
    ...regulated,
    ...seats(10),
    ...limits(4000, 1800, 8),
    monthlyPriceCents: 19900,
    orgByokPool: { base: 0, perSeat: 12 },
    orgBucket: share(60),
    support: "named manager",
  },
  sci_pro: {
    id: "sci_pro",
    name: "Scientific Pro",
    ...regulated,
    ...personal,
    ...limits(1000, 400, 3),
    monthlyPriceCents: 6900,
    personalByokSlots: 5,
    support: "email within 36 h",
  },
  sci_teams: {
    id: "sci_teams",
    name: "Scientific Teams",
    ...regulated,
    ...seats(3),
    ...limits(1800, 700, 4),
    monthlyPriceCents: 9900,
    orgByokPool: { base: 0, perSeat: 7 },
    orgBucket: share(30),
    support: "email within 24 h",
  },
  sci_enterprise: {
    id: "sci_enterprise",
    name: "Scientific Enterprise",
    ...regulated,
    ...seats(10),
    ...limits(3800, 1500, 7),
    monthlyPriceCents: 14900,
    orgByokPool: { base: 0, perSeat: 12 },
    orgBucket: share(55),
    support: "named manager",
  },
};

/** The annual price in cents, whole year: the monthly price × 12, less the plan's discount. */
export function annualPriceCents(plan: Plan): number {
  return (plan.monthlyPriceCents * 12 * (100 - plan.annualDiscountPercent)) / 100;
}

/** The limit of the org bucket, in API calls per day, for a paid number of seats; 0 where the plan has none. */
export function orgApiCallsPerDay(plan: Plan, seatCount: number): number {
  switch (plan.orgBucket.kind) {
    case "none":
      return 0;
    case "per_seat":
      return plan.orgBucket.callsPerSeat * seatCount;
    case "share":
      return Math.floor((plan.apiCallsPerDay * seatCount * plan.orgBucket.percentOfSeatCalls) / 100);
  }
}

/** BYOK slots: the org's BYOK pool where the plan has one, else the subscriber's own. */
export function byokCapacity(plan: Plan, seatCount: number): { scope: "user" | "org"; capacity: number } {
  if (plan.orgByokPool === null) return { scope: "user", capacity: plan.personalByokSlots };
  return { scope: "org", capacity: plan.orgByokPool.base + plan.orgByokPool.perSeat * seatCount };
}
