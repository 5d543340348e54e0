import { z } from "zod";
import { defineRpc, type RpcDefinition } from "../event.ts";
import type { ServiceName } from "../services.ts";

/** Snapshots in one question. */
export const maxComparedSnapshots = 500;

const request = z.object({
  snapshots: z.array(z.object({ key: z.string().max(256), version: z.int().min(0) })).max(maxComparedSnapshots),
});
/** Of the keys that were asked, those that are missing or older there. */
const reply = z.object({ lacking: z.array(z.string()) });

export type CompareSnapshots = RpcDefinition<z.infer<typeof request>, z.infer<typeof reply>>;

const comparing = (subject: string, owner: ServiceName, asker: ServiceName, what: string): CompareSnapshots =>
  defineRpc({
    subject,
    summary: `Which of these versions of ${what} the asked service does not have: an event about them was lost`,
    owner,
    askers: [asker],
    idempotent: true,
    request,
    reply,
  });

/** Keys are owners, `user:<id>` or `org:<id>`. */
export const compareLimits = comparing("topdog.rpc.quota.compare.v1", "quota", "billing", "subscriptions");
export const compareEntitlements = comparing(
  "topdog.rpc.entitlement.compare.v1",
  "org-registry",
  "billing",
  "subscriptions",
);
/** Keys are ids of orgs. */
export const compareOrgs = comparing("topdog.rpc.org.compare.v1", "billing", "org-registry", "orgs");
/** Keys are `<org>/<user>`. */
export const compareMembers = comparing("topdog.rpc.member.compare.v1", "billing", "org-registry", "members");
