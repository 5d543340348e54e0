import { z } from "zod";
import { defineRpc } from "../event.ts";
import { bucketOwnerSchema } from "../quota.ts";
import { historySchema } from "./history.ts";

/** What a gateway holds of one owner's concurrent requests. Every number is absolute. */
export const permitAskSchema = z.object({
  owner: bucketOwnerSchema,
  /** Calls under way: their permits cannot be given back. */
  running: z.int().min(0).max(100_000),
  /** Permits that the gateway keeps, those of running calls included. */
  held: z.int().min(0).max(100_000),
  /** How many more it asks for. */
  want: z.int().min(0).max(1_000),
});
export type PermitAsk = z.infer<typeof permitAskSchema>;

export const permitGrantSchema = z.object({
  owner: bucketOwnerSchema,
  /** What this gateway holds from now on; null when a newer message of it was answered before. */
  held: z.int().min(0).nullable(),
  /** Concurrent requests of the owner's plan. */
  limit: z.int().min(0),
  /** Permits that other gateways hold, in use or not. */
  others: z.int().min(0),
});
export type PermitGrant = z.infer<typeof permitGrantSchema>;

export const maxPermitAsks = 500;

export const takePermits = defineRpc({
  subject: "topdog.rpc.quota.permits.v1",
  summary: "Say which concurrent requests a gateway holds, and ask for more: one message for many owners",
  owner: "quota",
  askers: ["gateway"],
  // A repetition has the same version and the same absolute numbers.
  idempotent: true,
  request: z.object({
    gatewayId: z.string().min(8).max(64),
    /** Rises with each message of this gateway. */
    version: z.int().min(1),
    asks: z.array(permitAskSchema).max(maxPermitAsks),
  }),
  reply: z.object({ grants: z.array(permitGrantSchema), history: historySchema.optional() }),
});
