import { z } from "zod";
import { defineRpc } from "../event.ts";
import type { ServiceName } from "../services.ts";

const request = z.object({
  /** One of the service's own. */
  durable: z.string().min(1).max(100),
  /** In the stream of dead letters. */
  seq: z.int().min(1),
});
/** `duplicate`: it had its effect before. */
const reply = z.object({ outcome: z.enum(["handled", "duplicate"]) });

const replayBy = (owner: ServiceName, word: string) =>
  defineRpc({
    subject: `topdog.rpc.dead_letters.${word}.v1`,
    summary: `Handle a dead letter of ${owner}'s once more: the letter as it is stored, and by ${owner} alone`,
    owner,
    askers: ["org-registry"],
    // An event has its effect once, however often it is handled.
    idempotent: true,
    request,
    reply,
  });

/** By the service whose consumer gave the event up. Whoever asks names a letter: nobody can make a service handle anything else. */
export const replayDeadLetterOf = {
  quota: replayBy("quota", "replay_by_quota"),
  billing: replayBy("billing", "replay_by_billing"),
  "llm-router": replayBy("llm-router", "replay_by_llm_router"),
  "org-registry": replayBy("org-registry", "replay_by_org_registry"),
} as const;
