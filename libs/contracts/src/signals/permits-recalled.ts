import { z } from "zod";
import { defineSignal } from "../event.ts";
import { bucketOwnerSchema } from "../quota.ts";

export const permitsRecalledSchema = z.object({
  owner: bucketOwnerSchema,
  /** The gateway that lacks permits. */
  forGateway: z.string().min(8).max(64),
});
export type PermitsRecalled = z.infer<typeof permitsRecalledSchema>;

export const permitsRecalled = defineSignal({
  subject: "topdog.signal.quota.permits_recalled.v1",
  summary: "Other gateways give back this owner's permits that no call uses",
  owner: "quota",
  listeners: ["gateway"],
  schema: permitsRecalledSchema,
  example: { owner: "user:usr_1", forGateway: "gw_0a1b2c3d" },
});
