import { z } from "zod";
import { orgApiCallsPerDay, type Plan } from "./plans.ts";

/** What plans limit. A chat completion takes one of each from the caller's own buckets, or one API call from the org's. */
export const planMeters = ["api_calls", "llm_requests"] as const;
export const planMeterSchema = z.enum(planMeters);
export type PlanMeter = z.infer<typeof planMeterSchema>;

/** What is counted: `capped_calls` are the calls that a ceiling counts, besides what they take of the plan's meters. */
export const meters = [...planMeters, "capped_calls"] as const;
export const meterSchema = z.enum(meters);
export type Meter = z.infer<typeof meterSchema>;

export const isPlanMeter = (meter: Meter): meter is PlanMeter => meter !== "capped_calls";

export const chargeSources = ["personal", "org_pool"] as const;
export const chargeSourceSchema = z.enum(chargeSources);
export type ChargeSource = z.infer<typeof chargeSourceSchema>;

/**
 * Who a bucket belongs to, as text: `user:<userId>` (own subscription), `seat:<orgId>:<userId>` (a seat-holder's own
 * allowance inside an org), `org:<orgId>` (the org bucket). Of a ceiling: `key:<keyId>` or `member:<orgId>:<userId>`.
 */
export const bucketOwnerSchema = z
  .string()
  .regex(/^(?:(?:user|org|key):[\w-]{1,64}|(?:seat|member):[\w-]{1,64}:[\w-]{1,64})$/);

export const userBucket = (userId: string): string => `user:${userId}`;
export const seatBucket = (orgId: string, userId: string): string => `seat:${orgId}:${userId}`;
export const orgBucket = (orgId: string): string => `org:${orgId}`;
export const keyCeilingBucket = (keyId: string): string => `key:${keyId}`;
export const memberCeilingBucket = (orgId: string, userId: string): string => `member:${orgId}:${userId}`;

/** Whether a ceiling, and not a plan, limits the bucket. */
export const isCeilingBucket = (owner: string): boolean => owner.startsWith("key:") || owner.startsWith("member:");

/** Whose tokens of an org's bucket are: a member's, or those of the org's service accounts together. */
export const poolMemberSchema = z.string().regex(/^[\w-]{1,64}$/);
/** Among members. No user has this id. */
export const serviceAccounts = "service-accounts";

export const maxDailyCeiling = 10_000_000;
/** Calls a day. */
export const dailyCeilingSchema = z.int().min(1).max(maxDailyCeiling);

/** The limit of a ceiling's bucket. Of two, the one with the higher version is in force. */
export const ceilingLimitSchema = z.object({ limit: dailyCeilingSchema, version: z.int().min(0).max(2_147_483_647) });
export type CeilingLimit = z.infer<typeof ceilingLimitSchema>;

/** The owner whose subscription sets the limit of a bucket of a plan's meter: `user:<id>` or `org:<id>`. */
export function subscriptionOwnerOf(bucketOwner: string): string {
  const [kind, id] = bucketOwner.split(":");
  return kind === "user" ? `user:${id}` : `org:${id}`;
}

/** The daily limit of a bucket, from the catalogue. An org bucket has no LLM meter: 0. */
export function dailyLimit(bucketOwner: string, meter: PlanMeter, plan: Plan, seats: number): number {
  if (bucketOwner.startsWith("org:")) return meter === "api_calls" ? orgApiCallsPerDay(plan, seats) : 0;
  if (bucketOwner.startsWith("seat:") && !plan.perSeat) return 0;
  return meter === "api_calls" ? plan.apiCallsPerDay : plan.llmRequestsPerDay;
}

/** Requests at once, from the catalogue: of a subscriber, of each seat-holder, or of the service accounts of an org together. */
export function concurrencyLimit(bucketOwner: string, plan: Plan, seats: number): number {
  return bucketOwner.startsWith("org:") && plan.perSeat ? plan.concurrentRequests * seats : plan.concurrentRequests;
}

/** A day of the calendar, `2026-11-22`. Year 0 has none in Postgres. */
export const utcDaySchema = z.iso.date().regex(/^[1-9]/, "must be a day of the years 1000 to 9999");

/** One admitted token: the ledger's key. */
export const chargeSchema = z.object({
  meter: meterSchema,
  leaseId: z.string().regex(/^\d{1,19}$/),
  seq: z.int().min(1),
});
export type Charge = z.infer<typeof chargeSchema>;
