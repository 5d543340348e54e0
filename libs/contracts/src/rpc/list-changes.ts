import { z } from "zod";
import { apiKeyChanged, apiKeyRevoked } from "../events/api-key-events.ts";
import { byokSettingsChanged, credentialEvents } from "../events/credential-events.ts";
import { memberChanged, orgRulesChanged } from "../events/org-events.ts";
import { sessionRevoked } from "../events/session-revoked.ts";
import { defineRpc } from "../event.ts";

/** The events of org-registry that change a principal or end a session: gateways hear them as broadcasts, and ask for those that they missed. */
export const principalEvents = [
  apiKeyRevoked,
  apiKeyChanged,
  memberChanged,
  orgRulesChanged,
  sessionRevoked,
  ...credentialEvents,
  byokSettingsChanged,
] as const;

/** Changes in one answer; when there are more, the next question goes on after the last of them. */
export const changesPerPage = 500;

const seqSchema = z.string().regex(/^\d{1,19}$/);

export const listChanges = defineRpc({
  subject: "topdog.rpc.changes.list.v1",
  summary: "What changed in principals since an earlier answer, published or not",
  owner: "org-registry",
  askers: ["gateway"],
  idempotent: true,
  request: z.object({
    /** `horizon` of an earlier answer; null: only a horizon to begin with is wanted. */
    since: z.iso.datetime({ precision: 6 }).nullable(),
    /** `next` of the page before; null for the first page. */
    after: seqSchema.nullable(),
  }),
  reply: z.object({
    /** Every change that this answer's first page could not see yet is listed when asked for since then. */
    horizon: z.iso.datetime({ precision: 6 }),
    changes: z.array(z.object({ subject: z.string(), payload: z.string() })).max(changesPerPage),
    /** Null after the last page. */
    next: seqSchema.nullable(),
  }),
});
