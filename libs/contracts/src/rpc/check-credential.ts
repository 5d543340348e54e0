import { z } from "zod";
import { credentialStatuses, sealedCredentialSchema } from "../byok.ts";
import { defineRpc } from "../event.ts";

export const checkCredential = defineRpc({
  subject: "topdog.rpc.credentials.check.v1",
  summary: "Ask a sealed credential's provider whether it accepts it, by its cheapest authenticated read",
  owner: "llm-router",
  askers: ["org-registry"],
  // It changes nothing, but each time costs a request of the provider's account.
  idempotent: false,
  request: z.object({ credential: sealedCredentialSchema }),
  /** `unsupported`: no router knows this provider. */
  reply: z.object({ result: z.enum([...credentialStatuses, "unsupported"]) }),
});
