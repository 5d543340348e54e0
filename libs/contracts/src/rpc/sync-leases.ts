import { z } from "zod";
import { defineRpc } from "../event.ts";
import { planIdSchema } from "../plans.ts";
import { bucketOwnerSchema, meterSchema, utcDaySchema } from "../quota.ts";

const leaseIdSchema = z.string().regex(/^\d{1,19}$/);

/** Lease ids are rising integers without leading zeros. */
export const isNewerLease = (id: string, than: string): boolean =>
  id.length > than.length || (id.length === than.length && id > than);

/**
 * What a gateway holds of one bucket. Every number is absolute, so that a repeated or reordered message changes nothing:
 * `used` seqs 1..used were admitted; `returned` tokens were given back from the top of the lease.
 */
export const leaseReportSchema = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
  /** Null to ask for a first lease. */
  leaseId: leaseIdSchema.nullable(),
  /** Of a request for a first lease: the newest lease of this bucket that the gateway ever held. It admits from newer ones only. */
  endedLeaseId: leaseIdSchema.optional(),
  used: z.int().min(0),
  returned: z.int().min(0),
  /** How many more tokens the gateway asks for; 0 for none. */
  want: z.int().min(0).max(100_000),
  /** Everything unused is given back and the lease ends. */
  close: z.boolean(),
});
export type LeaseReport = z.infer<typeof leaseReportSchema>;

export const leaseGrantSchema = z.object({
  owner: bucketOwnerSchema,
  meter: meterSchema,
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
   * `ok`: served. `exhausted`: the day's limit is spent, until the day or the plan changes.
   * `contended`: nothing free, but other gateways hold tokens that were just recalled; ask again shortly.
   */
  status: z.enum(["ok", "exhausted", "contended"]),
  plan: planIdSchema,
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
    leases: z.array(leaseGrantSchema),
  }),
});
