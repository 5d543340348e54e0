import { z } from "zod";
import { defineRpc } from "../event.ts";

/** Keys in one message. */
export const maxKeyUses = 500;

export const noteKeyUses = defineRpc({
  subject: "topdog.rpc.apikey.note_uses.v1",
  summary: "Note when keys were used, roughly: a gateway says so about a key once in a few minutes at most",
  owner: "org-registry",
  askers: ["gateway"],
  // The latest time counts, however often it is told.
  idempotent: true,
  request: z.object({
    uses: z.array(z.object({ keyId: z.string(), at: z.iso.datetime() })).max(maxKeyUses),
  }),
  reply: z.object({}),
});
export type KeyUse = z.infer<typeof noteKeyUses.request>["uses"][number];
