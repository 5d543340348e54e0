import { z } from "zod";
import { defineRpc } from "../event.ts";
import { historySchema } from "./history.ts";
import { planIdSchema } from "../plans.ts";
import {
  bucketOwnerSchema,
  ceilingLimitSchema,
  isCeilingBucket,
  meterSchema,
  poolMemberSchema,
  utcDaySchema,
} from "../quota.ts";

const leaseIdSchema = z.string().regex(/^\d{1,19}$/);

/** Lease ids are rising integers without leading zeros. */
export const isNewerLease = (id: string, than: string): boolean =>
  id.length > than.length || (id.length === than.length && id > than);

const reportFields = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
  /** Of `capped_calls`, and of nothing else: the limit, as whoever keeps the ceiling told the gateway. */
  ceiling: ceilingLimitSchema.optional(),
  /** Of an org's bucket: for whom the tokens are. Absent: for anybody, as a gateway of the release before asks. */
  member: poolMemberSchema.optional(),
  /** Null to ask for a first lease. */
  leaseId: leaseIdSchema.nullable(),
  /** Of a request for a first lease: the newest lease of this bucket that the gateway ever held. It admits from newer ones only. */
  endedLeaseId: leaseIdSchema.optional(),
  /** Of a request for a first lease: the day whose tokens it asks for, which is today by the gateway, or tomorrow shortly before midnight. Absent: quota's day. */
  forDay: utcDaySchema.optional(),
  used: z.int().min(0),
  returned: z.int().min(0),
  /** How many more tokens the gateway asks for; 0 for none. */
  want: z.int().min(0).max(100_000),
  /** Everything unused is given back and the lease ends. */
  close: z.boolean(),
  /**
   * Of a lease that ends: what quota had told the gateway of it. When that is more than quota knows, its database was restored from a
   * backup since, and what is missing is written again. Absent: from a gateway of the release before, or one that is gone.
   */
  told: z.object({ day: utcDaySchema, size: z.int().min(0), reported: z.int().min(0) }).optional(),
});
/**
 * What a gateway holds of one bucket. Every number is absolute, so that a repeated or reordered message changes nothing:
 * `used` seqs 1..used were admitted; `returned` tokens were given back from the top of the lease.
 */
export const leaseReportSchema = reportFields
  .refine(({ owner, meter, ceiling }) => {
    const isCapped = meter === "capped_calls";
    return isCapped === (ceiling !== undefined) && isCapped === isCeilingBucket(owner);
  }, "a ceiling's bucket, and no other, is reported with its limit")
  .refine(
    ({ owner, member }) => member === undefined || owner.startsWith("org:"),
    "only an org's bucket is drawn from by its members",
  )
  .refine(({ told, close }) => told === undefined || close, "what was told is said with the last report alone");
export type LeaseReport = z.infer<typeof leaseReportSchema>;

const poolShareSchema = z.object({
  size: z.int().min(0),
  drawn: z.int().min(0),
  /** Free tokens that are kept for the shares of others. */
  kept: z.int().min(0),
});
export type PoolShare = z.infer<typeof poolShareSchema>;

export const leaseGrantSchema = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
  /** As it was asked. */
  member: poolMemberSchema.optional(),
  leaseId: leaseIdSchema.nullable(),
  /** `closed`: this lease admits nothing more. Null when the bucket has no lease for this gateway. */
  state: z.enum(["open", "closed"]).nullable(),
  day: utcDaySchema,
  size: z.int().min(0),
  returned: z.int().min(0),
  /** Seqs 1..reported are in the ledger: what reopens the credit window. */
  reported: z.int().min(0),
  /** U: how many admitted tokens may be unreported. */
  window: z.int().min(1),
  limit: z.int().min(0),
  /** Free in the bucket plus unused in this lease: what the caller may still expect. */
  remaining: z.int().min(0),
  /**
   * `ok`: served. `exhausted`: the day's limit is spent, until the day or the plan changes; or what is free is kept for other members.
   * `contended`: nothing free, but other gateways hold tokens that were just recalled; ask again shortly.
   */
  status: z.enum(["ok", "exhausted", "contended"]),
  /** Whose limit it is; null: a ceiling's. */
  plan: planIdSchema.nullable(),
  /** Of a member of an org: their share of its bucket while others draw from it too. */
  share: poolShareSchema.optional(),
});
export type LeaseGrant = z.infer<typeof leaseGrantSchema>;

export const syncLeases = defineRpc({
  subject: "topdog.rpc.quota.sync.v1",
  summary: "Report what a gateway admitted and returned, and ask for more: one message for many leases",
  owner: "quota",
  askers: ["gateway"],
  // Every number is absolute. A repeated request for more tokens may grant twice, to the same lease, which gives them back.
  idempotent: true,
  request: z.object({
    /** Unique to a gateway process, never reused: a restarted gateway is another holder. */
    gatewayId: z.string().min(8).max(64),
    leases: z.array(leaseReportSchema).max(500),
  }),
  reply: z.object({
    /** The database's clock, Unix milliseconds; its UTC day is the quota day. */
    nowMs: z.int(),
    day: utcDaySchema,
    history: historySchema.optional(),
    /** In the order of the reports. */
    leases: z.array(leaseGrantSchema),
  }),
});
