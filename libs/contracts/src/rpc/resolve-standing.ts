import { z } from "zod";
import { defineRpc } from "../event.ts";
import { memberRoleSchema } from "../events/org-events.ts";
import { ceilingLimitSchema } from "../quota.ts";

export const standingSchema = z.object({
  /** The user's membership of the org that was asked about; null for a stranger, for a missing org, and when none was asked about. */
  member: z
    .object({
      role: memberRoleSchema,
      active: z.boolean(),
      /** Calls a day of all their keys of the org; absent: no ceiling. */
      ceiling: ceilingLimitSchema.optional(),
    })
    .nullable(),
  /** Slots for provider credentials: the user's own first, then the pool of an org whose member they are. */
  byok: z.array(
    z.object({
      scope: z.enum(["user", "org"]),
      used: z.int().min(0),
      capacity: z.int().min(0),
    }),
  ),
});
/** How a user stands to an org. */
export type Standing = z.infer<typeof standingSchema>;

export const resolveStanding = defineRpc({
  subject: "topdog.rpc.standing.resolve.v1",
  summary:
    "Find how a user who is signed in stands to an org: their role, whether they hold a seat, and the BYOK slots",
  owner: "org-registry",
  askers: ["quota", "gateway"],
  idempotent: true,
  request: z.object({ userId: z.string(), orgId: z.string().nullable() }),
  reply: standingSchema,
});
